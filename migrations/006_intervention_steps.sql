-- Technicians skipped the inspection under time pressure: the work is cut into
-- steps which are ticked off one by one, and progress follows from them.

CREATE TABLE intervention_steps (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    intervention_id TEXT NOT NULL REFERENCES interventions (id) ON DELETE CASCADE,
    step_number INTEGER NOT NULL CHECK (step_number BETWEEN 1 AND 100),
    step_type TEXT NOT NULL CHECK (
        step_type IN ('inspection', 'preparation', 'installation', 'finalization')
    ),
    name TEXT NOT NULL CHECK (length(trim(name)) > 0),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'in_progress', 'completed', 'skipped')
    ),
    started_at INTEGER CHECK (started_at >= 0),
    completed_at INTEGER,
    duration_ms INTEGER GENERATED ALWAYS AS (completed_at - started_at) VIRTUAL,
    approved_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    notes TEXT,
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0),
    UNIQUE (intervention_id, step_number),
    CHECK (completed_at >= started_at)
) STRICT;

CREATE INDEX idx_intervention_steps_approved_by ON intervention_steps (approved_by);

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

-- A started step starts the intervention: nobody should have to say so twice.
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
