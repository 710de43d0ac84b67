-- What the trunks of a channel have used of limits of their own; all of it behind the channel's pacing row.

-- name: paces
-- Arrival time and quota of each trunk that was ever used, and its lines: open attempts, and lines promised to
-- other owners that still live.
with used as (
  select trunk, count(*) as lines from attempts
  where channel_id = %(channel_id)s and state not in ('ended', 'unknown') and trunk is not null group by trunk
  union all
  select g.trunk, sum(g.lines) from grants g
  where g.channel_id = %(channel_id)s and g.owner_id <> %(owner_id)s and g.trunk is not null and g.lines > 0 and g.owner_id::bigint in (
    select l.objid::bigint from pg_locks l where l.locktype = 'advisory' and l.granted
      and l.database = (select oid from pg_database where datname = current_database())
      and l.classid::bigint = %(space)s)
  group by g.trunk)
select p.trunk, p.arrival_at, p.rate, case when p.day = %(day)s then p.day_sends else 0 end,
  coalesce((select sum(u.lines) from used u where u.trunk = p.trunk), 0)::bigint
from trunk_pacing p where p.channel_id = %(channel_id)s;

-- name: lines_in_use
-- The lines of one trunk: open attempts, and lines promised to owners that still live. Index attempts_open_channel.
select (select count(*) from attempts where channel_id = %(channel_id)s and trunk = %(trunk)s and state not in ('ended', 'unknown'))
  + coalesce((select sum(g.lines) from grants g
    where g.channel_id = %(channel_id)s and g.trunk = %(trunk)s and exists (
      select from pg_locks l where l.locktype = 'advisory' and l.granted
        and l.database = (select oid from pg_database where datname = current_database())
        and l.classid::bigint = %(space)s and l.objid::bigint = g.owner_id)), 0);

-- name: set_pace
-- Where a trunk stands after a grant.
insert into trunk_pacing (channel_id, trunk, workspace_id, arrival_at, rate, day, day_sends)
values (%(channel_id)s, %(trunk)s, %(workspace_id)s, %(arrival_at)s, %(rate)s, %(day)s, %(sent_today)s)
on conflict (channel_id, trunk) do update
set arrival_at = excluded.arrival_at, rate = excluded.rate, day = excluded.day, day_sends = excluded.day_sends;

-- name: give_back
-- Sends of a grant that found nobody: their part of the quota. Their moments are lost.
update trunk_pacing set day_sends = greatest(0, day_sends - %(sends)s)
where channel_id = %(channel_id)s and trunk = %(trunk)s;
