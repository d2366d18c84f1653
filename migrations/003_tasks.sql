-- A task is one job on one vehicle. A client who has tasks cannot be removed:
-- the film warranty runs for years and needs the job it belongs to.

CREATE TABLE tasks (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
    task_number TEXT NOT NULL UNIQUE CHECK (length(task_number) > 0),
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE RESTRICT,
    assigned_to TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    title TEXT NOT NULL CHECK (length(trim(title)) > 0),
    vehicle_make TEXT,
    vehicle_model TEXT,
    vehicle_year INTEGER CHECK (vehicle_year BETWEEN 1900 AND 2100),
    license_plate TEXT,
    vin TEXT CHECK (length(vin) BETWEEN 5 AND 17),
    ppf_zones TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'draft' CHECK (
        status IN ('draft', 'scheduled', 'in_progress', 'on_hold', 'completed', 'cancelled')
    ),
    priority TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    scheduled_at INTEGER CHECK (scheduled_at >= 0),
    estimated_duration_minutes INTEGER CHECK (estimated_duration_minutes BETWEEN 1 AND 43200),
    completed_at INTEGER CHECK (completed_at >= 0),
    notes TEXT,
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    updated_at INTEGER NOT NULL CHECK (updated_at >= 0),
    deleted_at INTEGER CHECK (deleted_at >= 0)
) STRICT;

CREATE INDEX idx_tasks_client_id ON tasks (client_id);
CREATE INDEX idx_tasks_assigned_to ON tasks (assigned_to);
CREATE INDEX idx_tasks_created_by ON tasks (created_by);
CREATE INDEX idx_tasks_open ON tasks (status, priority)
WHERE deleted_at IS NULL AND status NOT IN ('completed', 'cancelled');
