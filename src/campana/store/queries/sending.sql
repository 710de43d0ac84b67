-- What a send to a carrier by request writes: one statement before the network, one after, for many at once.
-- Plans are made once and kept, by guesses about values that are not known and tables that may be empty. So nothing is
-- left to them: each value is looked up by itself (`= any (array[…])` can be joined in no other way; `lateral` with
-- `offset 0`), or all are in one `= any` and no join. A join by `=` would read a whole table by a hash, or compare each of
-- hundreds of rows with each value, which it did. States are asked by `case`, which tempts no index of open attempts: they
-- seem to be empty when nothing was open at the last look.
-- Of details most are alike: each is given once, with the places of all. Of events each kind is one row (migration
-- 0071), whose texts are kept as they are given: a line each, for nothing in a line has to be quoted.

-- name: open
-- Attempts that are about to be sent, with the claim they come from: attempts, targets, due rows, histories and
-- events change together or not at all. An address that has an open attempt (another campaign was quicker) is
-- refused by the unique index; whom that befell is returned.
with given as materialized (
  select * from unnest(%(ids)s::uuid[], %(target_ids)s::bigint[], %(attempt_nos)s::integer[], %(addresses)s::text[],
    %(detail_places)s::integer[]) with ordinality as g (id, target_id, attempt_no, address, detail, place)),
made as (
  insert into attempts (id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address, state, owner_id, created_at, sending_at, ask_at)
  select id, %(workspace_id)s, %(campaign_id)s, target_id, %(channel_id)s, attempt_no, address, 'sending', %(owner_id)s, %(now)s, %(now)s, %(ask_at)s
  from given
  -- in one order everywhere: two claims that want the same addresses wait for each other, never in a circle
  order by address
  on conflict (workspace_id, address) where disposition is null and let_go_at is null and target_id is not null do nothing
  returning id, target_id, address),
busy as (
  update targets t set state = 'attempting', attempt_count = attempt_count + 1 where t.id = any(array(select target_id from made))),
taken as (
  delete from due d where d.target_id = any(array(select target_id from made))),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at, detail)
  -- `is true`: looked up in a hash of those that were made, whose number no plan knows
  select %(workspace_id)s, g.id, 'sending', %(now)s, (%(details)s::jsonb[])[g.detail] from given g where (g.id in (select id from made)) is true),
call as (
  insert into voice_calls (attempt_id, workspace_id, from_number, to_number)
  select id, %(workspace_id)s, %(from_number)s, address from made where %(is_call)s),
published as (
  insert into events (workspace_id, type, campaign_id, at, pack, parts, places)
  select %(workspace_id)s, %(event_type)s, %(campaign_id)s, %(now)s, string_to_array(%(events)s::text, E'\n'), %(parts)s, case when cardinality(places) < %(parts)s then places end
  from (select array_agg(place::smallint order by place) as places from given g where (g.id in (select id from made)) is true) m
  -- where none are given they are told by `tell`
  where places is not null and %(events)s::text is not null)
select g.id from given g where (g.id in (select id from made)) is not true;

-- name: tell
-- That attempts which were opened by this transaction are about to be sent.
insert into events (workspace_id, type, campaign_id, at, pack, parts)
select %(workspace_id)s, %(event_type)s, %(campaign_id)s, %(now)s, pack, cardinality(pack) from string_to_array(%(events)s::text, E'\n') pack;

-- name: leave
-- The same step for intents of earlier transactions, each of a carrier that could not be asked about it otherwise:
-- only its owner makes it, only once. Held in the order of their ids, as by everybody who holds more than one.
with given as materialized (
  select * from unnest(%(ids)s::uuid[], %(ask_ats)s::timestamptz[], %(events)s::jsonb[]) as g (id, ask_at, event)),
sent as (
  update attempts a set state = 'sending', sending_at = %(now)s, ask_at = g.ask_at
  from (select * from given order by id) g
  where a.id = any(array[g.id]) and a.owner_id is not distinct from %(owner_id)s and case a.state when 'intent' then true end and a.hang_up_at is null
  returning a.id, a.workspace_id, a.campaign_id, g.event),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at) select workspace_id, id, 'sending', %(now)s from sent),
published as (
  insert into events (workspace_id, type, subject, campaign_id, at, data)
  select workspace_id, %(event_type)s, event ->> 'subject', campaign_id, %(now)s, event -> 'data' from sent)
select id from sent;

-- name: finish
-- Sends whose answer was their end, and an end after which nobody is contacted again. Only an attempt that is
-- as its owner left it, has no price to settle and no flow to tell, ends here; the others are returned, and nothing of them is changed.
with given as materialized (
  select * from unnest(%(ids)s::uuid[], %(keys)s::text[], %(ats)s::timestamptz[], %(detail_places)s::integer[],
    %(dispositions)s::text[], %(reasons)s::text[]) with ordinality as g (id, report, at, detail, disposition, reason, place)),
closed as (
  update attempts a set state = 'ended', disposition = g.disposition, reason = g.reason, ended_at = %(now)s
  -- held in the order of their ids, as by everybody who holds more than one
  from (select * from given order by id) g
  where a.id = any(array[g.id]) and case a.state when 'sending' then true end and a.owner_id is not distinct from %(owner_id)s and a.session_id is null
    and not exists (select from charges c where c.attempt_id = a.id offset 0)
  returning a.id, a.workspace_id, a.target_id, g.report, g.at, g.detail, g.disposition, g.reason, g.place),
finished as (
  update targets t set state = 'finished', disposition = closed.disposition, last_reason = closed.reason, finished_at = %(now)s
  from closed where t.id = any(array[closed.target_id]) and t.state = 'attempting'
  returning closed.id),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at, detail, report)
  select workspace_id, id, 'ended', at, (%(details)s::jsonb[])[detail], report from closed
  on conflict (attempt_id, report) where report is not null do nothing),
published as (
  -- that an attempt ended comes before that its target did
  insert into events (workspace_id, type, campaign_id, at, pack, parts, places)
  select p.workspace_id, e.type, p.campaign_id, %(now)s, e.texts[p.first:p.first + p.parts - 1], p.parts,
    case when cardinality(happened.places) < p.parts then happened.places end
  from unnest(%(pack_workspaces)s::bigint[], %(pack_campaigns)s::text[], %(pack_firsts)s::integer[], %(pack_parts)s::integer[])
    p (workspace_id, campaign_id, first, parts)
  cross join (values (0, %(attempt_event_type)s, string_to_array(%(attempt_events)s, E'\n')), (1, %(target_event_type)s, string_to_array(%(target_events)s, E'\n')))
    e (step, type, texts)
  cross join lateral (
    select array_agg((c.place - p.first + 1)::smallint order by c.place) as places from closed c
    where c.place between p.first and p.first + p.parts - 1 and (e.step = 0 or (c.id in (select id from finished)) is true)) happened
  where happened.places is not null
  order by p.first, e.step)
select g.id from given g where (g.id in (select id from closed)) is not true;

-- name: hold_unsent
-- Attempts that never left, all held in the order of their ids, as by whoever applies reports. Plain are those that
-- are as their sender left them, have no price to settle and no flow to tell, and whose target would wait where it
-- waited before.
select a.id, a.campaign_id,
  a.state = 'sending' and a.session_id is null and t.state = 'attempting' and not exists (select from charges x where x.attempt_id = a.id offset 0)
    and g.window_key = array_to_string(array(select z from unnest(coalesce(t.zones, c.zones)) z order by z collate "C"), ',')
    and exists (select from open_windows o
      where o.campaign_id = a.campaign_id and o.window_key = g.window_key and o.open_until > %(now)s
      offset 0) as is_plain
from (select * from unnest(%(ids)s::uuid[], %(window_keys)s::text[]) u (id, window_key) order by id) g
cross join lateral (select * from attempts where id = g.id for no key update offset 0) a
cross join lateral (select * from targets where id = a.target_id offset 0) t
cross join lateral (select zones from contacts where id = t.contact_id offset 0) c;

-- name: put_back
-- Plain ones of those: the attempt is over, and its target due at once, in the place it was taken from.
with given as materialized (
  select * from unnest(%(ids)s::uuid[], %(window_keys)s::text[], %(priorities)s::smallint[], %(events)s::jsonb[])
    as g (id, window_key, priority, event)),
closed as (
  update attempts a set state = 'ended', disposition = 'not_sent', reason = %(reason)s, ended_at = %(now)s
  from given g
  where a.id = any(array[g.id]) and case a.state when 'sending' then true end
  returning a.id, a.workspace_id, a.campaign_id, a.target_id, g.window_key, g.priority, g.event),
again as (
  update targets t set state = 'waiting', last_reason = 'not_sent'
  from closed where t.id = any(array[closed.target_id]) and t.state = 'attempting'
  returning t.id),
waiting as (
  insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)
  select closed.target_id, closed.workspace_id, closed.campaign_id, closed.window_key, closed.priority, %(now)s
  from closed where (closed.target_id in (select id from again)) is true),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at, detail)
  select workspace_id, id, 'ended', %(now)s, jsonb_build_object('disposition', 'not_sent', 'reason', %(reason)s::text) from closed)
insert into events (workspace_id, type, subject, campaign_id, at, data)
select workspace_id, %(event_type)s, event ->> 'subject', campaign_id, %(now)s, event -> 'data' from closed;
