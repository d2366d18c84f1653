-- Quotes went out with a wrong tax rate and nobody knew who had changed it.
-- The trail is kept by triggers, so that no way of writing a setting evades it.
-- The names are copied: an account that is removed must not blur the trail.

CREATE TABLE settings_audit_log (
    id INTEGER PRIMARY KEY,
    setting_key TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('baseline', 'insert', 'update', 'delete')),
    old_value TEXT,
    new_value TEXT,
    changed_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    changed_by_username TEXT,
    changed_at INTEGER NOT NULL CHECK (changed_at >= 0),
    CHECK ((old_value IS NULL) = (action IN ('baseline', 'insert'))),
    CHECK ((new_value IS NULL) = (action = 'delete'))
) STRICT;

CREATE INDEX idx_settings_audit_log_setting_key ON settings_audit_log (setting_key, changed_at);
CREATE INDEX idx_settings_audit_log_changed_by ON settings_audit_log (changed_by);

-- Where the trail starts: what changed earlier is not known any more.
INSERT INTO settings_audit_log (
    setting_key, action, new_value, changed_by, changed_by_username, changed_at
)
SELECT
    s.key, 'baseline', iif(s.is_secret = 1, '***', s.value), s.updated_by, u.username, s.updated_at
FROM application_settings AS s
LEFT JOIN users AS u ON u.id = s.updated_by
ORDER BY s.key;

CREATE TRIGGER application_settings_inserted
AFTER INSERT ON application_settings
BEGIN
    INSERT INTO settings_audit_log (
        setting_key, action, new_value, changed_by, changed_by_username, changed_at
    )
    VALUES (
        NEW.key, 'insert', CASE NEW.is_secret WHEN 1 THEN '***' ELSE NEW.value END,
        NEW.updated_by, (SELECT username FROM users WHERE id = NEW.updated_by), NEW.updated_at
    );
END;

-- A key that is renamed leaves two entries, or the old one would seem to live on.
CREATE TRIGGER application_settings_updated
AFTER UPDATE OF key, value, value_type, is_secret ON application_settings
WHEN NEW.key <> OLD.key
    OR NEW.value <> OLD.value
    OR NEW.value_type <> OLD.value_type
    OR NEW.is_secret <> OLD.is_secret
BEGIN
    INSERT INTO settings_audit_log (
        setting_key, action, old_value, changed_by, changed_by_username, changed_at
    )
    SELECT
        OLD.key, 'delete', CASE OLD.is_secret WHEN 1 THEN '***' ELSE OLD.value END,
        NEW.updated_by, (SELECT username FROM users WHERE id = NEW.updated_by), NEW.updated_at
    WHERE NEW.key <> OLD.key;

    INSERT INTO settings_audit_log (
        setting_key, action, old_value, new_value, changed_by, changed_by_username, changed_at
    )
    VALUES (
        NEW.key,
        CASE WHEN NEW.key <> OLD.key THEN 'insert' ELSE 'update' END,
        CASE
            WHEN NEW.key <> OLD.key THEN NULL
            WHEN OLD.is_secret = 1 THEN '***'
            ELSE OLD.value
        END,
        CASE NEW.is_secret WHEN 1 THEN '***' ELSE NEW.value END,
        NEW.updated_by,
        (SELECT username FROM users WHERE id = NEW.updated_by),
        NEW.updated_at
    );
END;

-- DELETE names no user: who did it is unknown here, and better so than wrong.
CREATE TRIGGER application_settings_deleted
AFTER DELETE ON application_settings
BEGIN
    INSERT INTO settings_audit_log (setting_key, action, old_value, changed_at)
    VALUES (
        OLD.key, 'delete', CASE OLD.is_secret WHEN 1 THEN '***' ELSE OLD.value END,
        CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)
    );
END;

-- changed_by is left out: removing an account empties it.
CREATE TRIGGER settings_audit_log_frozen
BEFORE UPDATE OF
    id, setting_key, action, old_value, new_value, changed_by_username, changed_at
ON settings_audit_log
BEGIN
    SELECT RAISE(ABORT, 'the settings audit log is append-only');
END;

CREATE TRIGGER settings_audit_log_kept
BEFORE DELETE ON settings_audit_log
BEGIN
    SELECT RAISE(ABORT, 'the settings audit log is append-only');
END;
