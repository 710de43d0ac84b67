-- What a send to a carrier by request writes: one statement before the network, one after, for many at once.

-- name: open
-- Attempts that are about to be sent, with the claim they come from: attempts, targets, due rows, histories and
-- events change together or not at all. An address that has an open attempt (another campaign was quicker) is
-- refused by the unique index; whom that befell is returned.
with given as materialized (
  select * from unnest(%(ids)s::uuid[], %(target_ids)s::bigint[], %(attempt_nos)s::integer[], %(addresses)s::text[], %(events)s::jsonb[])
    as g (id, target_id, attempt_no, address, event)),
made as (
  insert into attempts (id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address, state, owner_id, created_at, sending_at, ask_at)
  select id, %(workspace_id)s, %(campaign_id)s, target_id, %(channel_id)s, attempt_no, address, 'sending', %(owner_id)s, %(now)s, %(now)s, %(ask_at)s
  from given
  on conflict do nothing
  returning id, target_id, attempt_no, address),
busy as (
  update targets t set state = 'attempting', attempt_count = made.attempt_no from made where t.id = made.target_id),
taken as (
  delete from due d using made where d.target_id = made.target_id),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at) select %(workspace_id)s, id, 'sending', %(now)s from made),
call as (
  insert into voice_calls (attempt_id, workspace_id, from_number, to_number)
  select id, %(workspace_id)s, %(from_number)s, address from made where %(is_call)s),
published as (
  insert into events (workspace_id, type, subject, campaign_id, at, data)
  select %(workspace_id)s, %(event_type)s, 'tgt_' || g.target_id, %(campaign_id)s, %(now)s, g.event
  from given g join made on made.id = g.id)
select g.id from given g where not exists (select from made where made.id = g.id);

-- name: begin
-- The same step for intents that were written before, in this transaction.
with given as materialized (
  select * from unnest(%(ids)s::uuid[], %(events)s::jsonb[]) as g (id, event)),
sent as (
  update attempts a set state = 'sending', sending_at = %(now)s, ask_at = %(ask_at)s
  from given g where a.id = g.id and a.owner_id = %(owner_id)s and a.state = 'intent'
  returning a.id, a.workspace_id, a.campaign_id, a.target_id, a.address, g.event),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at) select workspace_id, id, 'sending', %(now)s from sent),
call as (
  insert into voice_calls (attempt_id, workspace_id, from_number, to_number)
  select id, workspace_id, %(from_number)s, address from sent where %(is_call)s)
insert into events (workspace_id, type, subject, campaign_id, at, data)
select workspace_id, %(event_type)s, 'tgt_' || target_id, campaign_id, %(now)s, event from sent;

-- name: finish
-- Sends whose answer was their end, and an end after which nobody is contacted again. Only an attempt that is
-- as its owner left it, has no price to settle and no flow to tell, ends here; the others are returned, and nothing of them is changed.
with given as materialized (
  select * from unnest(%(ids)s::uuid[], %(keys)s::text[], %(ats)s::timestamptz[], %(details)s::jsonb[],
    %(dispositions)s::text[], %(reasons)s::text[], %(attempt_events)s::jsonb[], %(target_events)s::jsonb[])
    with ordinality as g (id, report, at, detail, disposition, reason, attempt_event, target_event, place)),
closed as (
  update attempts a set state = 'ended', disposition = g.disposition, reason = g.reason, ended_at = %(now)s
  from given g
  where a.id = g.id and a.state = 'sending' and a.owner_id = %(owner_id)s and a.session_id is null
    and not exists (select from charges c where c.attempt_id = a.id)
  returning a.id, a.workspace_id, a.campaign_id, a.target_id, g.report, g.at, g.detail, g.disposition, g.reason,
    g.attempt_event, g.target_event, g.place),
finished as (
  update targets t set state = 'finished', disposition = closed.disposition, last_reason = closed.reason, finished_at = %(now)s
  from closed where t.id = closed.target_id and t.state = 'attempting'
  returning closed.id),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at, detail, report)
  select workspace_id, id, 'ended', at, detail, report from closed
  on conflict (attempt_id, report) where report is not null do nothing),
published as (
  insert into events (workspace_id, type, subject, campaign_id, at, data)
  select workspace_id, e.type, 'tgt_' || target_id, campaign_id, %(now)s, e.data
  from closed cross join lateral (values
    (0, %(attempt_event_type)s, attempt_event), (1, %(target_event_type)s, target_event)) e (step, type, data)
  where e.step = 0 or exists (select from finished where finished.id = closed.id)
  order by place, e.step)
select g.id from given g where not exists (select from closed where closed.id = g.id);
