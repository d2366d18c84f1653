-- Quotes were written in a spreadsheet and summed up wrongly more than once:
-- all sums are computed here, in whole cents, and an accepted quote is frozen.

CREATE TABLE quotes (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    quote_number TEXT NOT NULL UNIQUE CHECK (length(quote_number) > 0),
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE RESTRICT,
    task_id TEXT REFERENCES tasks (id) ON DELETE SET NULL,
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    status TEXT NOT NULL DEFAULT 'draft' CHECK (
        status IN ('draft', 'sent', 'accepted', 'rejected', 'expired', 'cancelled')
    ),
    currency_code TEXT NOT NULL DEFAULT 'EUR' CHECK (currency_code GLOB '[A-Z][A-Z][A-Z]'),
    tax_rate_basis_points INTEGER NOT NULL DEFAULT 2000 CHECK (
        tax_rate_basis_points BETWEEN 0 AND 10000
    ),
    discount_cents INTEGER NOT NULL DEFAULT 0 CHECK (discount_cents >= 0),
    subtotal_cents INTEGER NOT NULL DEFAULT 0,
    net_cents INTEGER GENERATED ALWAYS AS (max(subtotal_cents - discount_cents, 0)) VIRTUAL,
    tax_cents INTEGER GENERATED ALWAYS AS (
        (max(subtotal_cents - discount_cents, 0) * tax_rate_basis_points + 5000) / 10000
    ) VIRTUAL,
    total_cents INTEGER GENERATED ALWAYS AS (net_cents + tax_cents) VIRTUAL,
    valid_until INTEGER CHECK (valid_until >= 0),
    sent_at INTEGER CHECK (sent_at >= 0),
    decided_at INTEGER CHECK (decided_at >= 0),
    notes TEXT,
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0)
) STRICT;

CREATE INDEX idx_quotes_client_id ON quotes (client_id);
CREATE INDEX idx_quotes_task_id ON quotes (task_id);
CREATE INDEX idx_quotes_created_by ON quotes (created_by);
CREATE INDEX idx_quotes_awaiting_decision ON quotes (valid_until) WHERE status = 'sent';

CREATE TABLE quote_items (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    quote_id TEXT NOT NULL REFERENCES quotes (id) ON DELETE CASCADE,
    position INTEGER NOT NULL CHECK (position >= 1),
    item_type TEXT NOT NULL CHECK (item_type IN ('labor', 'material', 'service', 'other')),
    material_id TEXT REFERENCES materials (id) ON DELETE SET NULL,
    description TEXT NOT NULL CHECK (length(trim(description)) > 0),
    quantity REAL NOT NULL CHECK (quantity > 0),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents >= 0),
    line_total_cents INTEGER NOT NULL GENERATED ALWAYS AS (
        CAST(round(quantity * unit_price_cents) AS INTEGER)
    ) STORED,
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0),
    UNIQUE (quote_id, position)
) STRICT;

CREATE INDEX idx_quote_items_material_id ON quote_items (material_id);

CREATE TRIGGER quotes_accepted_frozen
BEFORE UPDATE OF quote_number, client_id, currency_code, tax_rate_basis_points, discount_cents ON quotes
WHEN OLD.status = 'accepted'
BEGIN
    SELECT RAISE(ABORT, 'an accepted quote cannot be changed');
END;

CREATE TRIGGER quote_items_inserted
AFTER INSERT ON quote_items
BEGIN
    SELECT
        CASE
            WHEN status = 'accepted' THEN RAISE(ABORT, 'an accepted quote cannot be changed')
        END
    FROM quotes
    WHERE id = NEW.quote_id;

    UPDATE quotes
    SET
        subtotal_cents = (SELECT sum(line_total_cents) FROM quote_items WHERE quote_id = NEW.quote_id),
        updated_at = max(updated_at, NEW.updated_at)
    WHERE id = NEW.quote_id;
END;

-- material_id is left out: a material that is removed empties it, and the
-- price and text of the item do not depend on it.
CREATE TRIGGER quote_items_updated
AFTER UPDATE OF quote_id, position, item_type, description, quantity, unit_price_cents ON quote_items
BEGIN
    SELECT
        CASE
            WHEN status = 'accepted' THEN RAISE(ABORT, 'an accepted quote cannot be changed')
        END
    FROM quotes
    WHERE id IN (OLD.quote_id, NEW.quote_id);

    UPDATE quotes
    SET
        subtotal_cents = (
            SELECT coalesce(sum(i.line_total_cents), 0)
            FROM quote_items AS i
            WHERE i.quote_id = quotes.id
        ),
        updated_at = max(updated_at, NEW.updated_at)
    WHERE id IN (OLD.quote_id, NEW.quote_id);
END;

-- Finds no quote when the items go because their quote is deleted.
CREATE TRIGGER quote_items_deleted
AFTER DELETE ON quote_items
BEGIN
    SELECT
        CASE
            WHEN status = 'accepted' THEN RAISE(ABORT, 'an accepted quote cannot be changed')
        END
    FROM quotes
    WHERE id = OLD.quote_id;

    UPDATE quotes
    SET subtotal_cents = (
        SELECT coalesce(sum(i.line_total_cents), 0)
        FROM quote_items AS i
        WHERE i.quote_id = OLD.quote_id
    )
    WHERE id = OLD.quote_id;
END;
