-- Back to the table of 005. Paused work counts as being in progress again, all
-- rows stay.
-- Copied aside and back, not renamed: ALTER TABLE ... RENAME would leave a quoted
-- name in sqlite_schema, and the schema is to read as it did before.

CREATE TABLE interventions_aside AS
SELECT
    id, task_id, technician_id, status, film_type, film_brand, film_lot_number,
    temperature_celsius, humidity_percentage, progress_percentage, started_at, completed_at,
    notes, created_at, updated_at
FROM interventions;

DROP TABLE interventions;

CREATE TABLE interventions (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    technician_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    status TEXT NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'in_progress', 'completed', 'cancelled')
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

INSERT INTO interventions (
    id, task_id, technician_id, status, film_type, film_brand, film_lot_number,
    temperature_celsius, humidity_percentage, progress_percentage, started_at, completed_at,
    notes, created_at, updated_at
)
SELECT
    id, task_id, technician_id, iif(status = 'paused', 'in_progress', status), film_type,
    film_brand, film_lot_number, temperature_celsius, humidity_percentage, progress_percentage,
    started_at, completed_at, notes, created_at, updated_at
FROM interventions_aside;

DROP TABLE interventions_aside;

CREATE INDEX idx_interventions_task_id ON interventions (task_id);
CREATE INDEX idx_interventions_technician_id ON interventions (technician_id);
CREATE UNIQUE INDEX idx_interventions_one_open_per_task ON interventions (task_id)
WHERE status IN ('pending', 'in_progress');

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

DROP TRIGGER intervention_steps_updated;

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
        AND status = 'pending'
        AND NEW.status IN ('in_progress', 'completed');
END;
