-- Takes the client register away again.

DROP TABLE clients;
