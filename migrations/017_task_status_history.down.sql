-- Back to tasks that know their present status only.

DROP TRIGGER tasks_status_inserted;
DROP TRIGGER tasks_status_updated;

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
        updated_at = max(updated_at, NEW.updated_at)
    WHERE id = NEW.task_id;
END;

DROP TABLE task_status_history;

DROP INDEX idx_tasks_updated_by;
ALTER TABLE tasks DROP COLUMN updated_by;
