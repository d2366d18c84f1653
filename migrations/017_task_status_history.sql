-- Clients ask how long their car stood idle. The history starts from what the
-- existing tasks still tell: their creation and how they stand today. Whatever
-- lay in between is lost, which is_estimated says about these rows.

ALTER TABLE tasks ADD COLUMN updated_by TEXT REFERENCES users (id) ON DELETE SET NULL;

CREATE INDEX idx_tasks_updated_by ON tasks (updated_by);

CREATE TABLE task_status_history (
    id INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    old_status TEXT CHECK (
        old_status IN ('draft', 'scheduled', 'in_progress', 'on_hold', 'completed', 'cancelled')
    ),
    new_status TEXT NOT NULL CHECK (
        new_status IN ('draft', 'scheduled', 'in_progress', 'on_hold', 'completed', 'cancelled')
    ),
    changed_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    changed_at INTEGER NOT NULL CHECK (changed_at >= 0),
    is_estimated INTEGER NOT NULL DEFAULT 0 CHECK (is_estimated IN (0, 1)),
    CHECK (old_status IS NULL OR old_status <> new_status)
) STRICT;

CREATE INDEX idx_task_status_history_task_id ON task_status_history (task_id, changed_at);
CREATE INDEX idx_task_status_history_changed_by ON task_status_history (changed_by);

INSERT INTO task_status_history (task_id, new_status, changed_by, changed_at, is_estimated)
SELECT id, 'draft', created_by, created_at, 1
FROM tasks
ORDER BY created_at, id;

INSERT INTO task_status_history (task_id, old_status, new_status, changed_at, is_estimated)
SELECT
    id,
    'draft',
    status,
    max(created_at, CASE status WHEN 'completed' THEN coalesce(completed_at, updated_at) ELSE updated_at END),
    1
FROM tasks
WHERE status <> 'draft'
ORDER BY updated_at, id;

-- Work that starts or ends changes the task, too. It was the technician then, and
-- not whoever edited the task last.
DROP TRIGGER interventions_status_changed;

CREATE TRIGGER interventions_status_changed
AFTER UPDATE OF status ON interventions
WHEN NEW.status <> OLD.status
BEGIN
    UPDATE interventions
    SET
        started_at = CASE
            WHEN NEW.status IN ('in_progress', 'completed') THEN coalesce(started_at, NEW.updated_at)
            ELSE started_at
        END,
        completed_at = CASE NEW.status
            WHEN 'completed' THEN coalesce(completed_at, max(NEW.updated_at, coalesce(started_at, 0)))
        END
    WHERE id = NEW.id;

    UPDATE tasks
    SET
        status = CASE NEW.status
            WHEN 'in_progress' THEN 'in_progress'
            WHEN 'paused' THEN 'on_hold'
            WHEN 'completed' THEN 'completed'
            WHEN 'cancelled' THEN 'on_hold'
            ELSE status
        END,
        completed_at = CASE NEW.status
            WHEN 'completed' THEN coalesce(completed_at, NEW.updated_at)
            WHEN 'in_progress' THEN NULL
            ELSE completed_at
        END,
        updated_by = NEW.technician_id,
        updated_at = max(updated_at, NEW.updated_at)
    WHERE id = NEW.task_id;
END;

CREATE TRIGGER tasks_status_inserted
AFTER INSERT ON tasks
BEGIN
    INSERT INTO task_status_history (task_id, new_status, changed_by, changed_at)
    VALUES (NEW.id, NEW.status, coalesce(NEW.updated_by, NEW.created_by), NEW.created_at);
END;

CREATE TRIGGER tasks_status_updated
AFTER UPDATE OF status ON tasks
WHEN NEW.status <> OLD.status
BEGIN
    INSERT INTO task_status_history (task_id, old_status, new_status, changed_by, changed_at)
    VALUES (NEW.id, OLD.status, NEW.status, NEW.updated_by, NEW.updated_at);
END;
