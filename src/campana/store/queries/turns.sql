-- Rehearsals in virtual time.

-- name: commit
-- The end of a transaction, and whether it had a number: it wrote then, or locked a row.
select pg_current_xact_id_if_assigned() is not null; commit;

-- name: is_connected
-- A backend leaves this view after it has given up its locks.
select exists (select from pg_stat_activity where pid = any(%(backends)s::integer[]));
