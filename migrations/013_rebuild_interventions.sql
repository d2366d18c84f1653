-- Mistake in 005: removing the account of a technician removed his work with
-- all steps and photos (ON DELETE CASCADE instead of SET NULL). SQLite cannot
-- alter a reference, so the table is rebuilt. Work that waits for film to cure
-- needed a status of its own ('paused') and comes along, as that is a rebuild too.

-- They name the table that is about to be replaced: SQLite would refuse the
-- renaming while a trigger of another table cannot be resolved.
DROP TRIGGER intervention_steps_inserted;
DROP TRIGGER intervention_steps_updated;
DROP TRIGGER intervention_steps_deleted;

CREATE TABLE interventions_new (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    technician_id TEXT REFERENCES users (id) ON DELETE SET NULL,
    status TEXT NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'in_progress', 'paused', 'completed', 'cancelled')
    ),
    film_type TEXT CHECK (film_type IN ('gloss', 'matte', 'satin', 'colored', 'other')),
    film_brand TEXT,
    film_lot_number TEXT,
    temperature_celsius REAL CHECK (temperature_celsius BETWEEN -50 AND 80),
    humidity_percentage REAL CHECK (humidity_percentage BETWEEN 0 AND 100),
    progress_percentage INTEGER NOT NULL DEFAULT 0 CHECK (progress_percentage BETWEEN 0 AND 100),
    started_at INTEGER CHECK (started_at >= 0),
    completed_at INTEGER,
    notes TEXT,
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0),
    CHECK (completed_at >= started_at)
) STRICT;

INSERT INTO interventions_new (
    id, task_id, technician_id, status, film_type, film_brand, film_lot_number,
    temperature_celsius, humidity_percentage, progress_percentage, started_at, completed_at,
    notes, created_at, updated_at
)
SELECT
    id, task_id, technician_id, status, film_type, film_brand, film_lot_number,
    temperature_celsius, humidity_percentage, progress_percentage, started_at, completed_at,
    notes, created_at, updated_at
FROM interventions;

-- The children follow the name and not the table: renaming the old one instead
-- would drag their references along with it.
DROP TABLE interventions;
ALTER TABLE interventions_new RENAME TO interventions;

CREATE INDEX idx_interventions_task_id ON interventions (task_id);
CREATE INDEX idx_interventions_technician_id ON interventions (technician_id);
CREATE UNIQUE INDEX idx_interventions_one_open_per_task ON interventions (task_id)
WHERE status IN ('pending', 'in_progress', 'paused');

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

CREATE TRIGGER intervention_steps_inserted
AFTER INSERT ON intervention_steps
BEGIN
    UPDATE interventions
    SET
        progress_percentage = (
            SELECT count(*) FILTER (WHERE s.status IN ('completed', 'skipped')) * 100 / count(*)
            FROM intervention_steps AS s
            WHERE s.intervention_id = NEW.intervention_id
        ),
        updated_at = max(updated_at, NEW.updated_at)
    WHERE id = NEW.intervention_id;
END;

-- A step that starts ends the pause. Other changes of a step do not.
CREATE TRIGGER intervention_steps_updated
AFTER UPDATE OF status, intervention_id ON intervention_steps
BEGIN
    UPDATE interventions
    SET
        progress_percentage = (
            SELECT
                CASE
                    WHEN count(*) = 0 THEN 0
                    ELSE count(*) FILTER (WHERE s.status IN ('completed', 'skipped')) * 100 / count(*)
                END
            FROM intervention_steps AS s
            WHERE s.intervention_id = interventions.id
        ),
        updated_at = max(updated_at, NEW.updated_at)
    WHERE id IN (OLD.intervention_id, NEW.intervention_id);

    UPDATE interventions
    SET status = 'in_progress'
    WHERE id = NEW.intervention_id
        AND status IN ('pending', 'paused')
        AND NEW.status IN ('in_progress', 'completed')
        AND NEW.status <> OLD.status;
END;

CREATE TRIGGER intervention_steps_deleted
AFTER DELETE ON intervention_steps
BEGIN
    UPDATE interventions
    SET progress_percentage = (
        SELECT
            CASE
                WHEN count(*) = 0 THEN 0
                ELSE count(*) FILTER (WHERE s.status IN ('completed', 'skipped')) * 100 / count(*)
            END
        FROM intervention_steps AS s
        WHERE s.intervention_id = OLD.intervention_id
    )
    WHERE id = OLD.intervention_id;
END;
