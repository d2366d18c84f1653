-- Back to searching with LIKE. The text is derived from clients, nothing is lost.

DROP TRIGGER clients_search_inserted;
DROP TRIGGER clients_search_updated;

DROP TABLE clients_fts;
DROP TABLE client_search_documents;
