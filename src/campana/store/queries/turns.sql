-- Rehearsals in virtual time.

-- name: next_transaction
-- The number the next writing transaction will take: it has grown when somebody wrote, or locked a row.
select pg_snapshot_xmax(pg_current_snapshot())::text::bigint;

-- name: is_connected
-- A backend leaves this view after it has given up its locks.
select exists (select from pg_stat_activity where pid = any(%(backends)s::integer[]));
