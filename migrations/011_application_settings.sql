-- Tax rate and validity of quotes were compiled in and each change needed a
-- release. Settings are few, small and always read by key: no rowid needed.

CREATE TABLE application_settings (
    key TEXT PRIMARY KEY NOT NULL CHECK (length(key) > 0 AND key NOT GLOB '*[^a-z0-9_.]*'),
    value TEXT NOT NULL,
    value_type TEXT NOT NULL DEFAULT 'string' CHECK (
        value_type IN ('string', 'integer', 'boolean', 'json')
    ),
    is_secret INTEGER NOT NULL DEFAULT 0 CHECK (is_secret IN (0, 1)),
    description TEXT NOT NULL DEFAULT '',
    updated_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0),
    CHECK (
        CASE value_type
            WHEN 'integer' THEN CAST(CAST(value AS INTEGER) AS TEXT) = value
            WHEN 'boolean' THEN value IN ('true', 'false')
            WHEN 'json' THEN json_valid(value)
            ELSE 1
        END
    )
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_application_settings_updated_by ON application_settings (updated_by);

-- The former constants. Time zero marks a value nobody has touched yet.
INSERT INTO application_settings (key, value, value_type, description, updated_at)
VALUES
    ('workshop.name', 'RPMA', 'string', 'Name printed on quotes and reports', 0),
    ('calendar.default_task_minutes', '480', 'integer', 'Length of a job without an estimate', 0),
    ('quotes.currency_code', 'EUR', 'string', 'Currency of new quotes', 0),
    ('quotes.tax_rate_basis_points', '2000', 'integer', 'Value added tax of new quotes', 0),
    ('quotes.validity_days', '30', 'integer', 'Days until a new quote expires', 0),
    ('photos.max_file_size_bytes', '26214400', 'integer', 'Largest picture that is accepted', 0),
    ('sessions.lifetime_minutes', '720', 'integer', 'Time until a session has to be renewed', 0),
    ('notifications.enabled', 'true', 'boolean', 'Master switch for all notifications', 0);
