-- The calendar, the day sheet and the export must agree on which jobs count and
-- when they end, so the rule has one place.

DROP VIEW IF EXISTS calendar_tasks;

CREATE VIEW calendar_tasks AS
SELECT
    t.id AS task_id,
    t.task_number,
    t.title,
    t.status,
    t.priority,
    t.scheduled_at AS starts_at,
    coalesce(
        t.scheduled_end_at,
        t.scheduled_at + coalesce(t.estimated_duration_minutes, 480) * 60000
    ) AS ends_at,
    t.vehicle_make,
    t.vehicle_model,
    t.license_plate,
    t.client_id,
    c.name AS client_name,
    c.phone AS client_phone,
    t.assigned_to,
    u.full_name AS assigned_to_name
FROM tasks AS t
INNER JOIN clients AS c ON c.id = t.client_id
LEFT JOIN users AS u ON u.id = t.assigned_to
WHERE t.deleted_at IS NULL
    AND t.scheduled_at IS NOT NULL
    AND t.status <> 'cancelled';
