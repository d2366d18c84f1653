-- Replaces the card index at the front desk. Clients are hidden through
-- deleted_at and not removed, because invoices must stay explainable.

CREATE TABLE clients (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    client_type TEXT NOT NULL DEFAULT 'individual' CHECK (client_type IN ('individual', 'business')),
    name TEXT NOT NULL CHECK (length(trim(name)) > 0),
    company_name TEXT,
    email TEXT COLLATE NOCASE CHECK (email LIKE '%_@_%'),
    phone TEXT,
    address_line TEXT,
    postal_code TEXT,
    city TEXT,
    country_code TEXT NOT NULL DEFAULT 'FR' CHECK (country_code GLOB '[A-Z][A-Z]'),
    notes TEXT,
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0),
    deleted_at INTEGER CHECK (deleted_at >= 0)
) STRICT;

CREATE INDEX idx_clients_created_by ON clients (created_by);
CREATE INDEX idx_clients_live_name ON clients (name COLLATE NOCASE) WHERE deleted_at IS NULL;
CREATE INDEX idx_clients_email ON clients (email) WHERE email IS NOT NULL;
