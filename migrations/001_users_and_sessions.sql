-- The workshop shares one machine: everybody needs an account of their own, so
-- that work can be attributed, and a session that outlives a restart.

CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    username TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (length(trim(username)) > 0),
    email TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (email LIKE '%_@_%'),
    password_hash TEXT NOT NULL CHECK (length(password_hash) > 0),
    full_name TEXT NOT NULL CHECK (length(trim(full_name)) > 0),
    role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('admin', 'supervisor', 'user')),
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    last_login_at INTEGER CHECK (last_login_at >= 0),
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0)
) STRICT;

CREATE INDEX idx_users_active_role ON users (role) WHERE is_active = 1;

CREATE TABLE user_sessions (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token TEXT NOT NULL UNIQUE CHECK (length(token) >= 32),
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    expires_at INTEGER NOT NULL,
    CHECK (expires_at > created_at)
) STRICT;

CREATE INDEX idx_user_sessions_user_id ON user_sessions (user_id);
