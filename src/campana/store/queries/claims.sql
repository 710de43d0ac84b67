-- Claims in progress, as a lock: each holds its workspace's shared until its transaction ends.

-- name: begin
-- Before the facts are read, so that what was committed under the exclusive lock is among them.
select pg_advisory_xact_lock_shared(%(space)s, %(workspace_id)s::bigint::integer);

-- name: wait
-- Granted when every claim that was in progress has ended; those that begin now come after it.
select pg_advisory_xact_lock(%(space)s, %(workspace_id)s::bigint::integer);

-- name: limit_wait
-- For this transaction only, in milliseconds.
select set_config('lock_timeout', %(milliseconds)s, true);
