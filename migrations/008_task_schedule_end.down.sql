-- Back to jobs with a start only. SQLite refuses to drop a column while a view
-- reads it, and while any view cannot be resolved, so the repeatable views go
-- first. The next run upwards brings them back.

DROP VIEW IF EXISTS calendar_tasks;
DROP VIEW IF EXISTS client_statistics;

DROP INDEX idx_tasks_schedule;
ALTER TABLE tasks DROP COLUMN scheduled_end_at;
