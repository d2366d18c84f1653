-- The same plate was written "AB-123-CD", "ab 123 cd" and "AB123CD", and the
-- search for earlier jobs on a car missed most of them. A generated column
-- cannot disagree with what was typed, unlike a second one kept by hand.

ALTER TABLE tasks ADD COLUMN license_plate_key TEXT GENERATED ALWAYS AS (
    nullif(upper(replace(replace(replace(license_plate, ' ', ''), '-', ''), '.', '')), '')
) VIRTUAL;

CREATE INDEX idx_tasks_license_plate_key ON tasks (license_plate_key)
WHERE license_plate_key IS NOT NULL;
