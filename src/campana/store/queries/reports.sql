-- What carriers say: kept in an inbox before they get their answer, then applied, each report once.

-- name: channel
-- Whom a callback's address means; asked before any workspace is known.
select workspace_id, kind, config from callback_channel(%(channel_id)s);

-- name: keep
-- Every callback of a group commit in one statement.
select keep_callbacks(%(kept)s::jsonb);

-- name: take
-- The oldest in the inbox that no other worker holds; gone with the commit that applies them. Until then
-- the rows are locked, so that a crash leaves them as they were.
delete from callback_inbox where id = any(array(
  select id from callback_inbox order by id limit %(limit)s for update skip locked))
returning id, channel_id, attempt_id, report, type, at, detail, received_at, body;

-- name: lock_attempts
-- In the order of their ids: two workers with reports of the same attempts wait, and never for each other.
select id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address, state, disposition, owner_id,
  created_at, sending_at, answered_at, ended_at, reason, ask_at, session_id, message_no, let_go_at
from attempts where id = any(%(ids)s::uuid[]) order by id for no key update;

-- name: add_events
-- Each report once, whatever way it came; those that were new are returned.
insert into attempt_events (workspace_id, attempt_id, type, at, detail, report, body, received_at)
select * from unnest(%(workspace_ids)s::bigint[], %(attempt_ids)s::uuid[], %(types)s::text[], %(ats)s::timestamptz[],
  %(details)s::text[]::jsonb[], %(keys)s::text[], %(bodies)s::text[], %(received_ats)s::timestamptz[])
on conflict (attempt_id, report) where report is not null do nothing
returning attempt_id, report;

-- name: move
-- How far attempts have come. The time of the answer is filled in also when its report came after the end's.
update attempts a set state = case when a.state in ('ended', 'unknown') then a.state else g.state end,
  answered_at = coalesce(a.answered_at, g.answered_at)
from unnest(%(ids)s::uuid[], %(states)s::text[], %(answered_ats)s::timestamptz[]) as g (id, state, answered_at)
where a.id = g.id;

-- name: conclude
-- Ends after which nobody is tried again, of attempts that are held, open and without a price to settle; with
-- what their targets became.
with given as materialized (
  select * from unnest(%(ids)s::uuid[], %(dispositions)s::text[], %(reasons)s::text[], %(answered_ats)s::timestamptz[])
    as g (id, disposition, reason, answered_at)),
closed as (
  update attempts a set state = 'ended', disposition = g.disposition, reason = g.reason, ended_at = %(now)s,
    answered_at = coalesce(a.answered_at, g.answered_at)
  from given g where a.id = g.id and a.state not in ('ended', 'unknown') and a.session_id is null
    and not exists (select from charges c where c.attempt_id = a.id)
  returning a.id, a.target_id, g.disposition, g.reason),
finished as (
  update targets t set state = 'finished', disposition = closed.disposition, last_reason = closed.reason, finished_at = %(now)s
  from closed where t.id = closed.target_id and t.state = 'attempting'
  returning closed.id as attempt_id, t.id, t.workspace_id, t.campaign_id, t.contact_id, t.address, t.disposition,
    t.attempt_count, t.last_reason, t.finished_at)
select closed.id, f.id, f.workspace_id, f.campaign_id, f.contact_id, f.address, f.disposition, f.attempt_count, f.last_reason,
  f.finished_at
from closed left join finished f on f.attempt_id = closed.id;

-- name: accept
-- The carrier has these: from now on they belong to nobody here, and end by callback or look-up. Locked in the
-- order of their ids, as by whoever applies reports.
with given as (
  select * from unnest(%(ids)s::uuid[], %(refs)s::text[], %(ask_ats)s::timestamptz[]) as g (id, ref, ask_at)),
held as materialized (
  select a.id from attempts a where a.id = any(%(ids)s::uuid[]) order by a.id for no key update),
taken as (
  update attempts a set state = case when a.state = 'sending' then 'accepted' else a.state end, owner_id = 0, ask_at = given.ask_at
  from given join held on held.id = given.id where a.id = held.id and a.state not in ('intent', 'ended', 'unknown')
  returning a.id, a.workspace_id, given.ref)
insert into attempt_events (workspace_id, attempt_id, type, at, detail)
select workspace_id, id, 'accepted', %(now)s, jsonb_build_object('ref', ref) from taken;

-- name: release
-- No process of ours can send it any more, and the carrier may have it: it is to be asked.
update attempts set owner_id = 0, ask_at = %(ask_at)s
where id = %(id)s and state not in ('intent', 'ended', 'unknown')
returning id;

-- name: to_ask
-- Attempts the carrier is to be asked about now; put off meanwhile, so that another worker asks about others.
update attempts set ask_at = %(until)s where id in (
  select id from attempts
  where owner_id = 0 and state not in ('ended', 'unknown') and ask_at <= %(now)s and channel_id = any(%(channel_ids)s)
  order by ask_at limit %(limit)s for no key update skip locked)
returning id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address, state, disposition, owner_id,
  created_at, sending_at, answered_at, ended_at, reason, ask_at, session_id, message_no, let_go_at;

-- name: ask_again
-- Still open: the next time to ask.
update attempts set ask_at = %(ask_at)s where id = %(id)s and state not in ('ended', 'unknown');
