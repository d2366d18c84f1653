-- rpmadb: allow=drop-table
-- Security review: a copied database file must not let anybody sign in, so
-- only the SHA-256 of a session token may be stored.
-- There is no way back and thus no down file: SQL has no hash function to
-- convert the stored tokens with, they are destroyed here (everybody signs in
-- once more), and a token cannot be computed from its hash.

DROP TABLE user_sessions;

CREATE TABLE user_sessions (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE CHECK (
        length(token_hash) = 64 AND token_hash NOT GLOB '*[^0-9a-f]*'
    ),
    device_name TEXT,
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    last_seen_at INTEGER NOT NULL CHECK (last_seen_at >= 0),
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER CHECK (revoked_at >= 0),
    CHECK (expires_at > created_at)
) STRICT;

CREATE INDEX idx_user_sessions_user_id ON user_sessions (user_id);
CREATE INDEX idx_user_sessions_live_expiry ON user_sessions (expires_at) WHERE revoked_at IS NULL;
