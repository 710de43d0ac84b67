-- Deliveries: one event on its way to one webhook. Whoever takes locks here locks the webhook first, then its
-- deliveries; a webhook another process is busy with is skipped, not waited for.

-- name: are_wanted
-- A webhook that is on, or a delivery that waits, of one that was switched off: index webhook_deliveries_waiting.
select exists (select from webhooks where is_enabled) or exists (select from webhook_deliveries where state = 'pending');

-- name: lagging
-- Webhooks with events that have no delivery yet, and room for more, those furthest behind first: however many
-- are told of something every moment, each has its turn. What a dead receiver misses stays in the events: it
-- costs no rows here.
select w.id, w.workspace_id, w.event_types, w.cursor, w.replayed_at
from webhooks w
where w.is_enabled
  and exists (select from events e
    where e.workspace_id = w.workspace_id and e.id > w.cursor - 1024 and e.id + e.parts - 1 > w.cursor and e.id <= %(horizon)s)
  and (select count(*) from webhook_deliveries d where d.webhook_id = w.id and d.state = 'pending') < %(most)s
order by w.cursor, w.id limit 50 for no key update of w skip locked;

-- name: spread
-- The next stretch of events, and the cursor behind it, in one statement: after a crash neither is without the
-- other. A replay finds its deliveries done and makes them pending again. What is too old is counted as missed.
with seen as materialized (
  select id, type, subject, greatest(at, %(replayed_at)s::timestamptz) + %(give_up_after)s as give_up_at from told_events
  where workspace_id = %(workspace_id)s and row_id > %(cursor)s - 1024 and row_id + parts - 1 > %(cursor)s and row_id <= %(horizon)s
    and id > %(cursor)s
  order by row_id, id limit %(limit)s),
wanted as (
  select * from seen
  where case when type = 'webhook.test' then subject = %(id)s
    else cardinality(%(event_types)s::text[]) = 0 or type = any(%(event_types)s) end),
made as (
  insert into webhook_deliveries (webhook_id, event_id, workspace_id, event_type, subject, state, due_at, give_up_at, created_at)
  select %(id)s, id, %(workspace_id)s, type, subject, 'pending', %(now)s, give_up_at, %(now)s
  from wanted where give_up_at > %(now)s order by id
  on conflict (webhook_id, event_id) do update
    set state = 'pending', due_at = excluded.due_at, give_up_at = excluded.give_up_at, finished_at = null,
      claim = null, claimed_until = null
    where webhook_deliveries.state <> 'pending')
-- fewer than asked for are all there are: the last places of a pack may have none
update webhooks set cursor = case when (select count(*) from seen) < %(limit)s then %(horizon)s else (select max(id) from seen) end,
  missed = missed + (select count(*) from wanted where give_up_at <= %(now)s)
where id = %(id)s;

-- name: sendable
-- Webhooks to which something could be sent now, those that have waited longest first. One that has as many
-- under way as it may, or whose due ones all wait for an earlier one of their subject, takes no other's turn.
-- A receiver that is down or slow is asked by one message at a time.
select w.id, w.url, p.parallel
from webhooks w
cross join lateral (
  select case when w.failures >= %(down)s or w.last_ms > %(slow_ms)s then 1 else %(parallel)s end as parallel) p
cross join lateral (
  select d.due_at from webhook_deliveries d
  where d.webhook_id = w.id and d.state = 'pending' and d.due_at <= %(now)s
    and (d.claimed_until is null or d.claimed_until <= %(now)s)
    and (d.event_type = 'webhook.test' or not exists (
      select from webhook_deliveries b
      where b.webhook_id = d.webhook_id and b.subject = d.subject and b.state = 'pending' and b.event_id < d.event_id))
  order by d.due_at, d.event_id limit 1) first
where w.is_enabled and (w.retry_at is null or w.retry_at <= %(now)s)
  and p.parallel > (
    select count(*) from webhook_deliveries u where u.webhook_id = w.id and u.claim is not null and u.claimed_until > %(now)s)
order by first.due_at, w.id limit 50 for no key update of w skip locked;

-- name: claim
-- As many as are not under way yet, the longest due first. Of one subject only the earliest that is not done:
-- the later ones wait for it, whatever holds it up. A test waits for no other: whoever mends a receiver asks again.
with free as materialized (
  select d.webhook_id, d.event_id, d.workspace_id from webhook_deliveries d
  where d.webhook_id = %(id)s and d.state = 'pending' and d.due_at <= %(now)s
    and (d.claimed_until is null or d.claimed_until <= %(now)s)
    and (d.event_type = 'webhook.test' or not exists (
      select from webhook_deliveries b
      where b.webhook_id = d.webhook_id and b.subject = d.subject and b.state = 'pending' and b.event_id < d.event_id))
  order by d.due_at, d.event_id
  limit greatest(0, %(parallel)s - (
    select count(*) from webhook_deliveries u
    where u.webhook_id = %(id)s and u.claim is not null and u.claimed_until > %(now)s))
  for update skip locked)
update webhook_deliveries d set claim = %(claim)s, claimed_until = %(until)s
from free cross join lateral (
  -- by the primary key: a row's number is 1 more than a multiple of 1,024, but for the oldest, which tell one event
  select * from told_events
  where workspace_id = free.workspace_id and row_id in (free.event_id, free.event_id - (free.event_id - 1) %% 1024)
    and id = free.event_id) e
where d.webhook_id = free.webhook_id and d.event_id = free.event_id
returning d.try_count, e.id, e.type, e.subject, e.campaign_id, e.at, e.data;

-- name: hold
-- The webhooks of some outcomes, held in one order.
select id, failing_since, failures, retry_at from webhooks where id = any(%(ids)s) order by id for no key update;

-- name: settle
-- What came of some tries. A claim that ran out and was taken by another changes nothing any more. The newest
-- ten tries are kept.
with given as (
  select * from unnest(%(webhook_ids)s::text[], %(event_ids)s::bigint[], %(claims)s::text[], %(are_delivered)s::boolean[],
    %(due_ats)s::timestamptz[], %(tries)s::jsonb[]) as g (webhook_id, event_id, claim, is_delivered, due_at, try))
update webhook_deliveries d set
  state = case when given.is_delivered then 'delivered' else 'pending' end,
  finished_at = case when given.is_delivered then %(now)s::timestamptz end,
  due_at = given.due_at,
  claim = null, claimed_until = null,
  try_count = d.try_count + 1,
  tries = case when jsonb_array_length(d.tries) >= 10 then d.tries - 0 else d.tries end || given.try
from given
where d.webhook_id = given.webhook_id and d.event_id = given.event_id and d.claim = given.claim and d.state = 'pending'
returning d.webhook_id, d.event_id;

-- name: set_health
-- How the receiver is doing after them; one that is hopeless is switched off, with the reason.
update webhooks set failing_since = %(failing_since)s, failures = %(failures)s, retry_at = %(retry_at)s, last_ms = %(last_ms)s,
  is_enabled = is_enabled and %(disabled_reason)s::text is null,
  disabled_reason = case when is_enabled then %(disabled_reason)s else disabled_reason end
where id = %(id)s;

-- name: pull_forward
-- The receiver answers again: what its outage held up need not wait for its own next turn.
update webhook_deliveries set due_at = %(now)s
where webhook_id = %(id)s and state = 'pending' and due_at > %(now)s;

-- name: overdue
-- Webhooks with deliveries nobody will try any more.
select id from webhooks where id in (
  select d.webhook_id from webhook_deliveries d where d.state = 'pending' and d.give_up_at <= %(now)s)
order by id for no key update skip locked;

-- name: give_up
-- Failed for good, and counted; those under way may still arrive.
with gone as (
  update webhook_deliveries set state = 'failed', finished_at = %(now)s, claim = null, claimed_until = null
  where webhook_id = %(id)s and state = 'pending' and give_up_at <= %(now)s
    and (claimed_until is null or claimed_until <= %(now)s)
  returning event_id)
update webhooks set missed = missed + (select count(*) from gone) where id = %(id)s;

-- name: page
-- The log of one webhook, newest event first, by the primary key.
select event_id, event_type, subject, state, due_at, try_count, tries, created_at, finished_at from webhook_deliveries
where workspace_id = %(workspace_id)s and webhook_id = %(webhook_id)s
  and (%(before)s::bigint is null or event_id < %(before)s) and (%(state)s::text is null or state = %(state)s)
order by event_id desc limit %(limit)s;
