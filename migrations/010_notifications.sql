-- Assignments were announced by shouting across the hall. The preferences came
-- in the same release, as the first testers asked for silence at once.

CREATE TABLE notifications (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    task_id TEXT REFERENCES tasks (id) ON DELETE CASCADE,
    notification_type TEXT NOT NULL CHECK (
        notification_type IN (
            'task_assigned', 'task_updated', 'task_overdue', 'intervention_completed',
            'quote_accepted', 'low_stock', 'system'
        )
    ),
    title TEXT NOT NULL CHECK (length(trim(title)) > 0),
    body TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    read_at INTEGER CHECK (read_at >= 0)
) STRICT;

CREATE INDEX idx_notifications_user_id ON notifications (user_id, created_at);
CREATE INDEX idx_notifications_task_id ON notifications (task_id);
CREATE INDEX idx_notifications_unread ON notifications (user_id, created_at) WHERE read_at IS NULL;

CREATE TABLE notification_preferences (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    notification_type TEXT NOT NULL CHECK (
        notification_type IN (
            'task_assigned', 'task_updated', 'task_overdue', 'intervention_completed',
            'quote_accepted', 'low_stock', 'system'
        )
    ),
    is_enabled INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0),
    PRIMARY KEY (user_id, notification_type)
) STRICT, WITHOUT ROWID;
