-- Figures of the client page. Tasks and quotes are added up on their own before
-- they are joined: joined first, each would multiply the other.

DROP VIEW IF EXISTS client_statistics;

CREATE VIEW client_statistics AS
SELECT
    c.id AS client_id,
    c.name AS client_name,
    c.client_type,
    coalesce(t.task_count, 0) AS task_count,
    coalesce(t.open_task_count, 0) AS open_task_count,
    coalesce(t.completed_task_count, 0) AS completed_task_count,
    t.first_task_at,
    t.last_completed_at,
    coalesce(q.quote_count, 0) AS quote_count,
    coalesce(q.accepted_quote_count, 0) AS accepted_quote_count,
    coalesce(q.accepted_total_cents, 0) AS accepted_total_cents
FROM clients AS c
LEFT JOIN (
    SELECT
        client_id,
        count(*) AS task_count,
        count(*) FILTER (WHERE status NOT IN ('completed', 'cancelled')) AS open_task_count,
        count(*) FILTER (WHERE status = 'completed') AS completed_task_count,
        min(created_at) AS first_task_at,
        max(completed_at) AS last_completed_at
    FROM tasks
    WHERE deleted_at IS NULL
    GROUP BY client_id
) AS t ON t.client_id = c.id
LEFT JOIN (
    SELECT
        client_id,
        count(*) AS quote_count,
        count(*) FILTER (WHERE status = 'accepted') AS accepted_quote_count,
        sum(total_cents) FILTER (WHERE status = 'accepted') AS accepted_total_cents
    FROM quotes
    GROUP BY client_id
) AS q ON q.client_id = c.id
WHERE c.deleted_at IS NULL;
