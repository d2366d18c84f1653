-- With some thousand clients a LIKE search froze the front desk, and accents
-- in names were missed. VACUUM may renumber the rows of clients, which has a
-- TEXT key, and an external index would then point to the wrong people. So the
-- searchable text lives in a table of its own with a key that never changes.

CREATE TABLE client_search_documents (
    document_id INTEGER PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE REFERENCES clients (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    company_name TEXT,
    email TEXT,
    phone TEXT,
    city TEXT,
    notes TEXT
) STRICT;

INSERT INTO client_search_documents (client_id, name, company_name, email, phone, city, notes)
SELECT id, name, company_name, email, phone, city, notes
FROM clients
ORDER BY id;

CREATE VIRTUAL TABLE clients_fts USING fts5 (
    name,
    company_name,
    email,
    phone,
    city,
    notes,
    content = 'client_search_documents',
    content_rowid = 'document_id',
    tokenize = 'unicode61 remove_diacritics 2',
    prefix = '2 3'
);

INSERT INTO clients_fts (clients_fts) VALUES ('rebuild');

CREATE TRIGGER client_search_documents_inserted
AFTER INSERT ON client_search_documents
BEGIN
    INSERT INTO clients_fts (rowid, name, company_name, email, phone, city, notes)
    VALUES (
        NEW.document_id, NEW.name, NEW.company_name, NEW.email, NEW.phone, NEW.city, NEW.notes
    );
END;

CREATE TRIGGER client_search_documents_updated
AFTER UPDATE ON client_search_documents
BEGIN
    INSERT INTO clients_fts (
        clients_fts, rowid, name, company_name, email, phone, city, notes
    )
    VALUES (
        'delete', OLD.document_id, OLD.name, OLD.company_name, OLD.email, OLD.phone, OLD.city, OLD.notes
    );

    INSERT INTO clients_fts (rowid, name, company_name, email, phone, city, notes)
    VALUES (
        NEW.document_id, NEW.name, NEW.company_name, NEW.email, NEW.phone, NEW.city, NEW.notes
    );
END;

CREATE TRIGGER client_search_documents_deleted
AFTER DELETE ON client_search_documents
BEGIN
    INSERT INTO clients_fts (
        clients_fts, rowid, name, company_name, email, phone, city, notes
    )
    VALUES (
        'delete', OLD.document_id, OLD.name, OLD.company_name, OLD.email, OLD.phone, OLD.city, OLD.notes
    );
END;

CREATE TRIGGER clients_search_inserted
AFTER INSERT ON clients
BEGIN
    INSERT INTO client_search_documents (client_id, name, company_name, email, phone, city, notes)
    VALUES (NEW.id, NEW.name, NEW.company_name, NEW.email, NEW.phone, NEW.city, NEW.notes);
END;

-- A client that is removed takes his document along through the reference.
CREATE TRIGGER clients_search_updated
AFTER UPDATE OF name, company_name, email, phone, city, notes ON clients
BEGIN
    UPDATE client_search_documents
    SET
        name = NEW.name,
        company_name = NEW.company_name,
        email = NEW.email,
        phone = NEW.phone,
        city = NEW.city,
        notes = NEW.notes
    WHERE client_id = NEW.id;
END;
