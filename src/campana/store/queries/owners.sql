-- Owners and grants. An owner is a number that is never used twice and an advisory lock on it, held by one
-- session; the number of a dead worker is a lock anybody can take.

-- name: new
-- A fresh identity.
select nextval('owner_ids')::integer;

-- name: hold
-- Session-level: freed by the server the moment the session is gone, however it went.
select pg_advisory_lock(%(space)s, %(owner_id)s);

-- name: serve
-- Said by every worker that lives, on the same session: this kind of carrier is served. Shared, so that any
-- number may say it; /why looks for it (`queries/overview.sql`).
select pg_advisory_lock_shared(%(space)s, hashtext(%(kind)s));

-- name: take_duty
-- True for one living session at a time: its process looks often for whatever waits. Not to be asked by whoever has it.
select pg_try_advisory_lock(%(space)s, 0);

-- name: is_served
-- Looks at the locks without taking one: an answer of this moment, for people. Locks are of one database.
select exists (select from pg_locks
  where locktype = 'advisory' and granted and classid::bigint = %(space)s
    and objid::bigint = hashtext(%(kind)s)::bigint & 4294967295
    and database = (select oid from pg_database where datname = current_database()));

-- name: try_take
-- True when that owner's session is gone. Transaction-level: given back by the commit.
select pg_try_advisory_xact_lock(%(space)s, %(owner_id)s);

-- name: lock_pacing
-- The row every grant on a channel passes through.
select arrival_at, rate, down_until, day, day_sends, served_by, served_until
from pacing where channel_id = %(channel_id)s for update;

-- name: lock_pacing_soon
-- The same for whoever has other channels to serve: the limit is set before the row is waited for, and holds for
-- this transaction only.
select arrival_at, rate, down_until, day, day_sends, served_by, served_until
from (select set_config('lock_timeout', %(milliseconds)s, true) offset 0) limited, pacing
where channel_id = %(channel_id)s for update of pacing;

-- name: lock_pacing_if_free
-- The same for whoever comes again soon: nobody queues behind those who are only told that there is nothing.
select arrival_at, rate, down_until, day, day_sends, served_by, served_until
from pacing where channel_id = %(channel_id)s for update skip locked;

-- name: limits
-- A statement of its own, so that its snapshot is younger than the lock: whoever lowers a limit, or pauses the
-- channel, takes that too.
select rate, burst, lines, daily_attempts, kind, config, workspace_id, paused_at is not null from channels where id = %(channel_id)s;

-- name: lines_in_use
-- Open attempts, and lines promised to owners that still live (this one's own promise is replaced, not added).
-- Reading the locks stops everybody who takes one, so they are read once, and only while somebody has a promise.
select (select count(*) from attempts where channel_id = %(channel_id)s and state not in ('ended', 'unknown') and let_go_at is null)
  + coalesce((
    select sum(g.lines) from grants g
    where g.channel_id = %(channel_id)s and g.owner_id <> %(owner_id)s and g.lines > 0 and g.owner_id::bigint in (
      select l.objid::bigint from pg_locks l where l.locktype = 'advisory' and l.granted
        and l.database = (select oid from pg_database where datname = current_database())
        and l.classid::bigint = %(space)s)), 0);

-- name: refused_call
-- A call of a channel's trunk was not taken; only counted.
update pacing set refused_calls = refused_calls + 1 where channel_id = any(%(channel_ids)s);

-- name: set_pace
-- Where the channel's pace stands after this grant, how much of the day's quota is granted, and who serves it.
update pacing set arrival_at = %(arrival_at)s, rate = %(rate)s, day = %(day)s, day_sends = %(sends)s,
  served_by = %(served_by)s, served_until = %(served_until)s where channel_id = %(channel_id)s;

-- name: promise
-- Lines this owner may turn into attempts, the trunk they are on and the day whose quota they were taken from.
insert into grants (channel_id, owner_id, workspace_id, lines, trunk, day)
select id, %(owner_id)s, workspace_id, %(lines)s, %(trunk)s, %(day)s from channels where id = %(channel_id)s
on conflict (channel_id, owner_id) do update
set lines = excluded.lines, trunk = excluded.trunk, day = excluded.day, is_revoked = false;

-- name: use_promise
-- In the claim's transaction: a line is either promised or an open attempt, never both, never neither.
update grants set lines = greatest(0, lines - %(lines)s) where channel_id = %(channel_id)s and owner_id = %(owner_id)s
returning is_revoked, day;

-- name: revoke_promises
-- A limit was lowered, or the channel is paused: a claim that is under way is waited for, and none begins under what was granted before.
select revoke_grants(%(channel_id)s);

-- name: forget_promises
-- Of an owner that is gone.
delete from grants where owner_id = %(owner_id)s;

-- name: promise_owners
-- Owners with promises, living or not.
select distinct owner_id from grants order by owner_id;

-- name: standing_promises
-- Promised lines, and the version of the row: as long as it is the same, nobody has touched the promise.
select channel_id, owner_id, xmin::text from grants where lines > 0;

-- name: revoke_standing
-- A promise nobody came for, if that is still so: a claim that has it already is waited for, and has changed it then.
update grants set lines = 0, is_revoked = true
where channel_id = %(channel_id)s and owner_id = %(owner_id)s and xmin::text = %(version)s and lines > 0;
