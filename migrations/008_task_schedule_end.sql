-- The calendar has to find overlapping jobs, which takes an end for every
-- start. Jobs planned so far get theirs from the estimate, or else a full
-- working day of eight hours, which is what the planners assumed on paper.
-- No job takes longer than a year, and a start after the year 9999 is a slip
-- of the pen that gets no end: the sum would leave the range of integers.

ALTER TABLE tasks ADD COLUMN scheduled_end_at INTEGER CHECK (scheduled_end_at >= scheduled_at);

UPDATE tasks
SET scheduled_end_at = scheduled_at + min(coalesce(estimated_duration_minutes, 480), 527040) * 60000
WHERE scheduled_at <= 253402300799999;

CREATE INDEX idx_tasks_schedule ON tasks (scheduled_at, scheduled_end_at)
WHERE deleted_at IS NULL AND scheduled_at IS NOT NULL;
