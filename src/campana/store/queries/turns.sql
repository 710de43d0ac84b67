-- Rehearsals in virtual time.

-- name: has_written
-- This transaction has a number: it wrote, or locked a row.
select pg_current_xact_id_if_assigned() is not null;

-- name: is_connected
-- A backend leaves this view after it has given up its locks.
select exists (select from pg_stat_activity where pid = any(%(backends)s::integer[]));
