-- Back to an empty database: nothing existed before the accounts.

DROP TABLE user_sessions;
DROP TABLE users;
