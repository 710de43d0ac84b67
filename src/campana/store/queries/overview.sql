-- What a campaign's nine keys do not say, read for a page of campaigns at once.

-- name: documents
-- The configuration as written.
select id, document, archived from campaigns where id = any(%(ids)s);

-- name: waiting
-- Flat however many wait: open groups are probed by equality on all four priorities, and who is due first is
-- found by skipping from one window key to the next in the index due_in_order. A worker of a kind lives while
-- somebody holds the shared lock on that kind (`queries/owners.sql`).
with recursive asked as materialized (
  select id, workspace_id, channel_id, channel_type, list_id, start_date, end_date, keep_open, state_reason, resume_at, urgency
  from campaigns where id = any(%(ids)s)),
keys (campaign_id, window_key) as (
  select id, (select min(d.window_key) from due d where d.campaign_id = id) from asked
  union all
  select k.campaign_id,
    (select min(d.window_key) from due d where d.campaign_id = k.campaign_id and d.window_key > k.window_key)
  from keys k where k.window_key is not null),
served as materialized (
  select objid::bigint as kind from pg_locks
  where locktype = 'advisory' and granted and classid::bigint = %(kind_space)s
    and database = (select oid from pg_database where datname = current_database())),
-- a flow's people may wait for another channel than the campaign's: of that one it is told when nobody waits for this
serving as materialized (
  select c.id, coalesce(
    (select c.channel_id from open_windows w cross join generate_series(0, 3) p (priority)
      where w.campaign_id = c.id and w.channel_id is null and w.open_until > %(now)s
        and exists (select from due d where d.campaign_id = c.id and d.window_key = w.window_key
          and d.priority = p.priority::smallint and d.due_at <= %(now)s) limit 1),
    (select w.channel_id from open_windows w cross join generate_series(0, 3) p (priority)
      where w.campaign_id = c.id and w.channel_id is not null and w.open_until > %(now)s
        and exists (select from due d where d.campaign_id = c.id and d.window_key = w.window_key
          and d.priority = p.priority::smallint and d.due_at <= %(now)s) order by w.channel_id limit 1),
    c.channel_id) as channel_id
  from asked c),
channel as materialized (
  select ch.id, ch.name, ch.lines, p.arrival_at, p.down_until,
    (select count(*) from attempts a where a.channel_id = ch.id and a.state not in ('ended', 'unknown')) as lines_in_use,
    coalesce(p.day = %(day)s and p.day_sends >= ch.daily_attempts, false) as is_spent,
    hashtext(ch.kind)::bigint & 4294967295 in (select kind from served) as has_worker
  from channels ch join pacing p on p.channel_id = ch.id
  where ch.id in (select channel_id from serving)),
-- the most urgent of those who could be served on a channel, looked for only where somebody asked is less urgent than another
before as materialized (
  select distinct on (ch.id) ch.id as channel_id, o.urgency, o.name
  from channel ch
  cross join lateral (
    select max(c.urgency) as urgency from asked c join serving s on s.id = c.id where s.channel_id = ch.id) least
  cross join lateral (
    select id, null::text as other_channel from campaigns where channel_id = ch.id and state = 'running'
    union all
    select campaign_id, channel_id from open_windows where channel_id = ch.id group by campaign_id, channel_id) served
  join campaigns o on o.id = served.id and o.state = 'running' and o.urgency < least.urgency
    and (o.start_date is null or o.start_date <= %(now)s) and (o.end_date is null or o.end_date > %(now)s)
  where not exists (select from campaign_pacing h where h.campaign_id = o.id and h.held_until > %(now)s)
    and exists (select from open_windows w cross join generate_series(0, 3) p (priority)
      where w.campaign_id = o.id and w.channel_id is not distinct from served.other_channel and w.open_until > %(now)s
        and exists (select from due d where d.campaign_id = o.id and d.window_key = w.window_key
          and d.priority = p.priority::smallint and d.due_at <= %(now)s))
  order by ch.id, o.urgency, o.id)
select c.id, c.start_date, c.end_date, c.keep_open, c.state_reason, c.resume_at,
  exists (select from attempts a where a.campaign_id = c.id and a.state not in ('ended', 'unknown')) as is_attempting,
  exists (select from enrollments e where e.campaign_id = c.id and e.finished_at is null) as is_enrolling,
  exists (select from imports i where i.list_id = c.list_id and i.state in ('queued', 'running')) as is_importing,
  exists (select from open_windows w cross join generate_series(0, 3) p (priority)
    where w.campaign_id = c.id and w.open_until > %(now)s
      and exists (select from due d where d.campaign_id = c.id and d.window_key = w.window_key
        and d.priority = p.priority::smallint and d.due_at <= %(now)s)) as is_callable,
  hashtext(%(care_kind)s)::bigint & 4294967295 in (select kind from served) as has_care,
  exists (select from flow_sessions f join targets t on t.id = f.target_id
    where f.campaign_id = c.id and f.is_current and t.state = 'talking') as is_talking,
  -- a letter needs no country
  (select c.channel_type = 'Email' or cardinality(w.allowed_countries) > 0 from workspaces w where w.workspace_id = c.workspace_id) as may_call,
  first.due_at as first_due_at, first.last_reason as first_reason, coalesce(first.attempt_count, 0) as first_attempts,
  cp.held_by, cp.held_until, acted.actor as acted_by, acted.at as acted_at,
  stopped.name as paused_name, stopped.paused_at, stopped.paused_by, stopped.pause_reason,
  ch.name as channel_name, ch.lines, ch.lines_in_use, ch.arrival_at, ch.down_until, ch.is_spent, ch.has_worker,
  b.name as served_before
from asked c
left join serving s on s.id = c.id
left join channel ch on ch.id = s.channel_id
left join before b on b.channel_id = s.channel_id and b.urgency < c.urgency
-- looked for only where a channel is paused: who could be contacted now waits for it, and nobody for another
left join lateral (
  select h.name, h.paused_at, h.paused_by, h.pause_reason from channels h
  where h.workspace_id = c.workspace_id and h.paused_at is not null
    and exists (select from open_windows w cross join generate_series(0, 3) p (priority)
      where w.campaign_id = c.id and w.open_until > %(now)s and coalesce(w.channel_id, c.channel_id) = h.id
        and exists (select from due d where d.campaign_id = c.id and d.window_key = w.window_key
          and d.priority = p.priority::smallint and d.due_at <= %(now)s))
    and not exists (select from open_windows w join channels o on o.id = coalesce(w.channel_id, c.channel_id)
      cross join generate_series(0, 3) p (priority)
      where w.campaign_id = c.id and w.open_until > %(now)s and o.paused_at is null
        and exists (select from due d where d.campaign_id = c.id and d.window_key = w.window_key
          and d.priority = p.priority::smallint and d.due_at <= %(now)s))
  order by h.created_at, h.id limit 1) stopped on true
left join campaign_pacing cp on cp.campaign_id = c.id
left join lateral (
  select actor, at from campaign_actions where campaign_id = c.id and action in ('pause', 'cancel')
  order by id desc limit 1) acted on true
left join lateral (
  select one.due_at, t.last_reason, t.attempt_count
  from keys k cross join generate_series(0, 3) p (priority)
  cross join lateral (
    select d.due_at, d.target_id from due d
    where d.campaign_id = c.id and d.window_key = k.window_key and d.priority = p.priority::smallint
    order by d.due_at, d.target_id limit 1) one
  join targets t on t.id = one.target_id
  where k.campaign_id = c.id
  order by one.due_at, one.target_id limit 1) first on true;

-- name: holds_people
-- Is anybody being contacted? Not who was sent something that its carrier has and has not told the end of.
select exists (select from attempts a
  where a.campaign_id = %(campaign_id)s and a.state not in ('ended', 'unknown') and a.let_go_at is null);

-- name: newest
-- What became of the newest attempts of a campaign, and what their carrier said; a few rows of attempts_ended.
select a.disposition, a.reason, v.sip_status
from attempts a left join voice_calls v on v.attempt_id = a.id
where a.campaign_id = %(campaign_id)s and a.ended_at is not null
order by a.ended_at desc limit %(limit)s;

-- name: rates
-- The highest rate that its channel and its own limits let each campaign have.
select c.id, least(ch.rate, (c.document #>> '{pacing,rate}')::float8)
from campaigns c join channels ch on ch.id = c.channel_id where c.id = any(%(ids)s);

-- name: left_by_zones
-- Who still waits, by the zones they may be in, and when the last of them is due; from the index due_in_order alone.
select campaign_id, window_key, count(*), max(due_at) from due where campaign_id = any(%(ids)s) group by 1, 2;

-- name: progress
-- Targets by state and disposition.
select campaign_id, state, disposition, count(*) from targets
where campaign_id = any(%(ids)s) group by campaign_id, state, disposition;
