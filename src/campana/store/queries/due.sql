-- What waits, and which of it may go now. Every scan of `due` is by equality on campaign, window key and
-- priority (index due_in_order): rows of campaigns that do not run are never touched.

-- name: window_keys
-- The keys a campaign waits under, by skipping from one to the next in the index: the cost grows with the
-- number of keys, not of targets.
with recursive keys as (
  (select window_key from due where campaign_id = %(campaign_id)s order by window_key limit 1)
  union all
  select (select d.window_key from due d where d.campaign_id = %(campaign_id)s and d.window_key > keys.window_key
    order by d.window_key limit 1)
  from keys where keys.window_key is not null)
select window_key from keys where window_key is not null;

-- name: firsts
-- Who is due first under each window key, and why not before; one index probe a key and priority.
with recursive keys as (
  (select window_key from due where campaign_id = %(campaign_id)s order by window_key limit 1)
  union all
  select (select d.window_key from due d where d.campaign_id = %(campaign_id)s and d.window_key > keys.window_key
    order by d.window_key limit 1)
  from keys where keys.window_key is not null)
select keys.window_key, first.due_at, t.last_reason, t.attempt_count
from keys
cross join lateral (
  select one.due_at, one.target_id from (values (0::smallint), (1), (2), (3)) p(priority)
  cross join lateral (
    select d.due_at, d.target_id from due d
    where d.campaign_id = %(campaign_id)s and d.window_key = keys.window_key and d.priority = p.priority
    order by d.due_at, d.target_id limit 1) one
  order by one.due_at, one.target_id limit 1) first
join targets t on t.id = first.target_id
where keys.window_key is not null;

-- name: running
-- Launched campaigns whose windows must be kept.
select id, workspace_id, document from campaigns where state = 'running' order by id;

-- name: channel_window
-- Hours its channel (or another that a flow of it uses) states besides the campaign's own; null when it states none.
select h.contact_window from campaigns c join channels h on h.id = coalesce(%(channel_id)s::text, c.channel_id)
where c.id = %(campaign_id)s;

-- name: open_window
-- Ordered inserts of single rows: two workers that refresh at once wait for each other, never deadlock. Where
-- it says so already the row is only read: a conflict locks it, and everybody who puts people back would queue.
insert into open_windows (campaign_id, window_key, workspace_id, open_until, channel_id)
select %(campaign_id)s, %(window_key)s, %(workspace_id)s, %(open_until)s, %(channel_id)s
where not exists (select from open_windows o
  where o.campaign_id = %(campaign_id)s and o.window_key = %(window_key)s and o.open_until = %(open_until)s)
on conflict (campaign_id, window_key) do update set open_until = excluded.open_until
where open_windows.open_until is distinct from excluded.open_until;

-- name: close_window
-- Closed now; opening again is the next refresh's doing.
delete from open_windows where campaign_id = %(campaign_id)s and window_key = %(window_key)s;

-- name: ready
-- The groups from which something could be claimed on these channels now. One look into the index for each
-- group: the limit keeps the planner from a join and the order from a scan, either of which reads all of due. It
-- begins behind the group's mark: what was claimed since lies before it, and an old snapshot of somebody else's
-- would have each look read its remains again.
-- A flow's groups on channels besides the campaign's own are found by those channels. Of channels that another
-- owner serves nothing is read, but of those beside whose owner it is asked for.
select w.campaign_id, w.window_key, p.priority, served.channel_id, c.workspace_id, c.weight, c.urgency
from (
  select c.id, c.channel_id, null::text as other_channel from campaigns c
  where c.state = 'running' and c.channel_id = any(%(channel_ids)s)
  union all
  select o.campaign_id, o.channel_id, o.channel_id from open_windows o
  where o.channel_id = any(%(channel_ids)s) group by o.campaign_id, o.channel_id) served
join campaigns c on c.id = served.id
join pacing ch on ch.channel_id = served.channel_id and (ch.down_until is null or ch.down_until <= %(now)s)
  and (%(owner_id)s::integer is null or ch.served_by is null or ch.served_by = %(owner_id)s or ch.served_until <= %(now)s
    or ch.channel_id = any(%(beside)s::text[]))
  and not exists (select from channels h where h.id = served.channel_id and h.paused_at is not null)
join open_windows w on w.campaign_id = c.id and w.open_until > %(now)s and w.channel_id is not distinct from served.other_channel
cross join (values (0::smallint), (1), (2), (3)) p(priority)
left join lateral (
  select g.due_at, g.target_id from unnest(%(mark_campaigns)s::text[], %(mark_keys)s::text[], %(mark_priorities)s::smallint[],
    %(mark_due_ats)s::timestamptz[], %(mark_targets)s::bigint[]) g (campaign_id, window_key, priority, due_at, target_id)
  where g.campaign_id = w.campaign_id and g.window_key = w.window_key and g.priority = p.priority limit 1) m on true
cross join lateral (
  select from due d where d.campaign_id = w.campaign_id and d.window_key = w.window_key
    and d.priority = p.priority and d.due_at <= %(now)s
    and (d.due_at, d.target_id) > (coalesce(m.due_at, '-infinity'), coalesce(m.target_id, 0))
  order by d.due_at, d.target_id limit 1) waiting
where c.state = 'running'
  and (c.start_date is null or c.start_date <= %(now)s) and (c.end_date is null or c.end_date > %(now)s)
  -- held back by a limit of its own: the last claim said until when
  and not exists (select from campaign_pacing h where h.campaign_id = c.id and h.held_until > %(now)s)
order by c.urgency, p.priority, w.campaign_id, w.window_key;

-- name: claim
-- Take up to `limit` waiting targets of one group, held for this transaction, with every fact the gate asks
-- for. Rows another worker holds are skipped, and so is what lies before the caller's mark.
with picked as materialized (
  select target_id, due_at from due
  where campaign_id = %(campaign_id)s and window_key = %(window_key)s and priority = %(priority)s and due_at <= %(now)s
    and (due_at, target_id) > (%(after_due_at)s, %(after_target)s)
  order by due_at, target_id limit %(limit)s for update skip locked)
select t.id, t.contact_id, coalesce(t.reach_address, t.address) as address, t.attempt_count, coalesce(t.zones, c.zones) as zones, a.country, w.allowed_countries,
  coalesce(
    (select s.scope from suppressions s
     where s.workspace_id = t.workspace_id and s.address = coalesce(t.reach_address, t.address)
       and (s.expires_at is null or s.expires_at > %(now)s)
       and (s.scope = 'workspace' or s.campaign_id = t.campaign_id or s.channel_type = %(channel_type)s)
     -- the index in its own order: of an expression the planner does not see that it is one address
     order by s.address desc, s.scope desc limit 1),
    -- asked only where somebody was erased; erased_addresses_pkey answers
    case when %(pads)s::bytea is not null
      and is_erased(t.workspace_id, coalesce(t.reach_address, t.address), %(channel_type)s, %(pads)s::bytea, %(now)s)
      then 'workspace' end) as suppressed_by,
  -- the unique index attempts_open_address answers this, and refuses the second intent if both read false;
  -- what answers a conversation is no target's and keeps nobody away. An open attempt is told by its missing
  -- disposition: of the indexes of open attempts only this one is told so
  exists (select from attempts o where o.workspace_id = t.workspace_id
    and o.address = coalesce(t.reach_address, t.address)
    and o.disposition is null and o.let_go_at is null and o.target_id is not null offset 0) as address_is_busy,
  -- asked only for campaigns that need it; the latest word counts, of two at one instant the refusal
  case when %(requires_consent)s then coalesce((
    select k.is_granted and (k.expires_at is null or k.expires_at > %(now)s) from consents k
    where k.workspace_id = t.workspace_id and k.address = coalesce(t.reach_address, t.address)
      and (k.channel_type is null or k.channel_type = %(channel_type)s)
    order by k.said_at desc, k.is_granted limit 1), false) end as has_consent,
  -- asked only where it may matter: the unique index of conversations answers
  case when %(channel_type)s = 'WhatsApp' then (
    select v.last_inbound_at from conversations v where v.workspace_id = t.workspace_id and v.channel_id = %(channel_id)s
      and v.address = coalesce(t.reach_address, t.address)) end as wrote_at,
  picked.due_at, c.first_name, c.last_name, c.attributes
from picked
join targets t on t.id = picked.target_id
join contacts c on c.id = t.contact_id
join workspaces w on w.workspace_id = t.workspace_id
left join lateral (
  select x.country from contact_addresses x where x.contact_id = t.contact_id and x.value = coalesce(t.reach_address, t.address)
  order by x.position limit 1) a on true
-- a group is of one priority; no join keeps the order they were picked in
order by picked.due_at, picked.target_id;

-- name: defer
-- Not now: each due again at its own time, under the same key. The decision is kept: the same one as the last
-- is that one once more, so that waiting for minutes does not write a row a minute.
with given as (
  select * from unnest(%(target_ids)s::bigint[], %(untils)s::timestamptz[], %(whys)s::text[]) as g (target_id, until, why)),
told as (
  update targets t set last_reason = given.why from given where t.id = given.target_id),
repeated as (
  update target_decisions d set times = d.times + 1, last_at = %(now)s, until = given.until
  from given cross join lateral (
    select l.id from target_decisions l where l.target_id = given.target_id order by l.id desc limit 1) latest
  where d.id = latest.id and d.kind = 'deferred' and d.reason = given.why
  returning d.target_id),
noted as (
  insert into target_decisions (workspace_id, target_id, kind, reason, first_at, last_at, until)
  select t.workspace_id, t.id, 'deferred', given.why, %(now)s, %(now)s, given.until
  from given join targets t on t.id = given.target_id
  where not exists (select from repeated where repeated.target_id = given.target_id))
update due d set due_at = given.until from given where d.target_id = given.target_id;

-- name: unfinished
-- Launched campaigns in which somebody may wait: one, those that use a channel, or all of a workspace.
select id, workspace_id, document from campaigns c
where workspace_id = %(workspace_id)s and state in ('running', 'paused', 'tripped')
  and (%(campaign_id)s::text is null or id = %(campaign_id)s)
  and (%(channel_id)s::text is null or channel_id = %(channel_id)s
    or exists (select from jsonb_each_text(c.document -> 'channels') other where other.value = %(channel_id)s))
order by id;

-- name: bring_forward
-- What put these off is eased: due at once. Looked at in the order of the index, so many at a time, from where the time
-- before ended: what is looked at is bounded, however few are meant. Those somebody holds are being asked.
with looked as materialized (
  select d.window_key, d.priority, d.due_at, d.target_id from due d
  where d.campaign_id = %(campaign_id)s and d.due_at > %(now)s
    and (d.window_key, d.priority, d.due_at, d.target_id) > (%(window_key)s, %(priority)s, %(due_at)s, %(target_id)s)
  order by d.window_key, d.priority, d.due_at, d.target_id limit %(limit)s),
late as (
  select d.target_id from looked join targets t on t.id = looked.target_id join due d on d.target_id = looked.target_id
  where t.last_reason = any(%(reasons)s) and d.due_at > %(now)s for update of d skip locked),
moved as (
  update due d set due_at = %(now)s from late where d.target_id = late.target_id returning d.target_id)
select (select count(*) from moved), window_key, priority, due_at, target_id from looked
order by window_key desc, priority desc, due_at desc, target_id desc limit 1;
