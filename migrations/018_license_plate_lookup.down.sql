-- Back to searching plates as they were typed.

DROP INDEX idx_tasks_license_plate_key;
ALTER TABLE tasks DROP COLUMN license_plate_key;
