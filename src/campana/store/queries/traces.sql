-- Where a person leaves traces, and what takes these away; one query a table, listed in `traces.py`. Each may be run
-- any number of times. Of attempts and targets only those that are over are named.

-- name: contacts
-- The last of an emptied contact, when nothing asks any more in whose hours it was tried.
update contacts set zones = '{}' where id = any(%(contact_ids)s) and zones <> '{}';

-- name: targets
-- The address of a target that came to rest since the person was erased.
update targets set address = null, reach_address = null, zones = null, last_reason = coalesce(disposition, 'erased')
where id = any(%(all_target_ids)s) and state <> 'attempting' and num_nonnulls(address, reach_address, zones) > 0
  and (id = any(%(target_ids)s) or address = any(%(addresses)s));

-- name: attempts
-- They go on counting: number, times and outcome stay, whom and why go.
update attempts set address = %(erased)s, reason = null
where id = any(%(attempt_ids)s) and (address <> %(erased)s or reason is not null);

-- name: conversations
-- With every message in them. What the person writes from now on is a new one.
delete from conversations
where workspace_id = %(workspace_id)s and (address = any(%(addresses)s) or contact_id = any(%(contact_ids)s))
  and created_at <= %(requested_at)s;

-- name: flow_sessions
-- With what they were told and what they said. One whose message is under way goes another time: its end is told to it.
delete from flow_sessions s using targets t
where s.contact_id = any(%(contact_ids)s) and t.id = s.target_id and t.state <> 'attempting';

-- name: attempt_events
-- That it rang and when it ended stays; what was said, heard and typed goes, and the carrier's own words.
select empty_attempt_events(%(attempt_ids)s::uuid[], null);

-- name: voice_calls
-- How long it took and what came of it stays. The sound was removed before.
update voice_calls set from_number = case a.direction when 'inbound' then %(erased)s else from_number end,
  to_number = case a.direction when 'inbound' then to_number else %(erased)s end, keys = '', saved = '{}', transcript = '[]', answers = '[]', recording_key = null,
  callback_at = null, model = null,
  recording_removed_at = case when recording_key is null then recording_removed_at else %(now)s end,
  transcript_removed_at = coalesce(transcript_removed_at, %(now)s)
from attempts a
where attempt_id = any(%(attempt_ids)s) and a.id = attempt_id
  and case a.direction when 'inbound' then from_number else to_number end <> %(erased)s;

-- name: consents
-- What the person said before; what they say from now on counts again.
delete from consents
where workspace_id = %(workspace_id)s and address = any(%(addresses)s) and created_at <= %(requested_at)s;

-- name: suppressions
-- The hash stands for them.
delete from suppressions
where workspace_id = %(workspace_id)s and address = any(%(addresses)s) and created_at <= %(requested_at)s;

-- name: import_changes
-- What an undo would have put back: the person, or a number of theirs that somebody else has had.
delete from import_changes
where workspace_id = %(workspace_id)s and (contact_id = any(%(contact_ids)s) or exists (
  select from unnest(%(addresses)s::text[]) t (term) where position(term in before::text) > 0));

-- name: import_errors
-- A rejected row still counts; that it was the person's own is told by a telling text, by a number however it is
-- written, or by two of the words they are known by.
update import_errors e set column_name = null, value = null, suggestion = null, cells = null, reason = %(erased)s
where e.workspace_id = %(workspace_id)s and e.reason <> %(erased)s and (
  exists (
    select from unnest(%(terms)s::text[]) t (term)
    where position(term in lower(concat_ws(' ', e.value, e.cells::text, e.reason, e.suggestion))) > 0)
  or exists (
    select from unnest(%(digits)s::text[]) t (term)
    where position(term in regexp_replace(concat_ws(' ', e.value, e.cells::text), '[^0-9]', '', 'g')) > 0)
  or (jsonb_typeof(e.cells) = 'array' and (
    select count(distinct lower(cell)) from jsonb_array_elements_text(e.cells) c (cell)
    where lower(cell) = any(%(words)s)) >= 2));

-- name: suppression_import_errors
-- A row that was refused, with the person's number in it.
update suppression_import_errors e set value = null, reason = %(erased)s
where e.workspace_id = %(workspace_id)s and e.reason <> %(erased)s and (
  exists (
    select from unnest(%(terms)s::text[]) t (term) where position(term in lower(concat_ws(' ', e.value, e.reason))) > 0)
  or exists (
    select from unnest(%(digits)s::text[]) t (term)
    where position(term in regexp_replace(coalesce(e.value, ''), '[^0-9]', '', 'g')) > 0));

-- name: idempotency_keys
-- That the request was answered stays, so that it is not done twice; what was answered goes.
update idempotency_keys k set body = '{}'
where k.workspace_id = %(workspace_id)s and k.body is not null and exists (
  select from unnest(%(terms)s::text[]) t (term) where position(term in lower(convert_from(k.body, 'UTF8'))) > 0);

-- name: events
-- A stretch of the workspace's events, by the primary key: what happened stays, in whose life goes.
with stretch as materialized (
  select id from (
    select id, parts, sum(parts) over (order by id) as so_far from (
      select id, parts from events where workspace_id = %(workspace_id)s and id > %(after)s order by id limit %(limit)s) next) counted
  where so_far - parts < %(limit)s),
theirs as (
  select s.id from told_events s
  where s.workspace_id = %(workspace_id)s and s.row_id > %(after)s and s.row_id <= (select max(id) from stretch)
    and (s.subject = any(%(subjects)s) or exists (
      select from unnest(%(terms)s::text[]) t (term) where position(term in lower(s.data::text)) > 0))),
quiet as (
  -- what receivers answered to them
  update webhook_deliveries d set tries = (
    select coalesce(jsonb_agg(try - 'answer' - 'problem' order by place), '[]')
    from jsonb_array_elements(d.tries) with ordinality as t (try, place))
  from theirs where d.workspace_id = %(workspace_id)s and d.event_id = theirs.id and d.tries <> '[]')
select (select max(id) from stretch), empty_events(%(workspace_id)s, (select array_agg(id) from theirs));

-- name: open_attempts
-- Somebody is talking to the person, or their carrier has not said yet what became of it.
select 'an attempt that is under way' from attempts
where state not in ('ended', 'unknown')
  and (target_id = any(%(target_ids)s) or (workspace_id = %(workspace_id)s and address = any(%(addresses)s))) limit 1;

-- name: kept_reports
-- A carrier's word that is kept and not applied yet.
select 'a report of the carrier' from callback_inbox where attempt_id = any(%(attempt_ids)s) limit 1;

-- name: kept_inbound
-- What the person wrote and nobody has applied yet; it is applied within seconds.
select 'a message of the person that is kept' from inbound_inbox i
where i.workspace_id = %(workspace_id)s and i.received_at <= %(requested_at)s and exists (
  select from unnest(%(terms)s::text[]) t (term) where position(term in lower(i.said::text)) > 0) limit 1;

-- name: deliveries_under_way
-- What is being sent to a receiver at this moment, whose answer will be written down.
select 'a webhook delivery that is under way' from webhook_deliveries d
where d.workspace_id = %(workspace_id)s and d.claim is not null and d.claimed_until > %(now)s and d.subject = any(%(subjects)s) limit 1;

-- name: open_imports
-- A file from before, still being read: the person may be in it.
select 'an import that began before' from imports
where workspace_id = %(workspace_id)s and state in ('queued', 'running', 'undoing') and created_at <= %(requested_at)s limit 1;

-- name: open_suppression_imports
-- The same of numbers nobody may contact.
select 'an import of suppressions that began before' from suppression_imports
where workspace_id = %(workspace_id)s and state in ('queued', 'running') and created_at <= %(requested_at)s limit 1;

-- name: attempts_of
-- Attempts that are over, of the person's own targets or to one of the addresses: attempts_by_address.
select a.id, a.campaign_id from attempts a where a.target_id = any(%(target_ids)s) and a.state in ('ended', 'unknown')
union
select a.id, a.campaign_id from attempts a
where a.workspace_id = %(workspace_id)s and a.address = any(%(addresses)s) and a.state in ('ended', 'unknown');

-- name: portfolio_recipients
-- That somebody was written to goes on counting for a day at most; who it was does not matter for that, but the
-- number of rows is kept beside them, so the place is given back.
with gone as (
  delete from portfolio_recipients where workspace_id = %(workspace_id)s and address = any(%(addresses)s) returning name)
update portfolios p set recipients = p.recipients - g.number
from (select name, count(*)::integer as number from gone group by name) g
where p.workspace_id = %(workspace_id)s and p.name = g.name;

-- name: named_reports
-- What a provider says of the person under a name nobody knows: of attempts that are over it would change nothing.
delete from named_reports where workspace_id = %(workspace_id)s and address = any(%(addresses)s);
