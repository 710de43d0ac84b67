-- Conversations with targets. A session's row is its lock; whoever takes it holds its campaign shared already and
-- takes the target and its due row after it. A claim, which holds due rows, never waits for a session.

-- name: insert
-- One conversation a target at a time: the unique index says so.
insert into flow_sessions (workspace_id, campaign_id, target_id, contact_id, flow_id, flow_version, status, session,
  channel_type, started, created_at, updated_at)
values (%(workspace_id)s, %(campaign_id)s, %(target_id)s, %(contact_id)s, %(flow_id)s, %(flow_version)s, 'waiting', %(session)s,
  %(channel_type)s, %(started)s, %(now)s, %(now)s)
returning id;

-- name: lock
-- The conversation, held: what is told to it comes one after another.
select id, workspace_id, campaign_id, target_id, contact_id, flow_id, flow_version, status, outcome, is_current, session, channel_type,
  started, inputs, was_reached, has_opted_out, last_failure, handed_off_at
from flow_sessions where id = %(id)s for no key update;

-- name: lock_all
-- In the order of their ids: two workers that hold several wait, and never for each other.
select id from flow_sessions where id = any(%(ids)s) order by id for no key update;

-- name: lock_of_targets
-- For a claim, which holds due rows: whoever is being told something now is claimed another time.
select id, workspace_id, campaign_id, target_id, contact_id, flow_id, flow_version, status, outcome, is_current, session, channel_type,
  started, inputs, was_reached, has_opted_out, last_failure, handed_off_at
from flow_sessions where target_id = any(%(target_ids)s) and is_current
order by id for no key update skip locked;

-- name: unended_targets
-- Targets that have a conversation, held by somebody or not.
select target_id from flow_sessions where target_id = any(%(target_ids)s) and is_current;

-- name: campaigns_of
-- Asked before the sessions are held.
select distinct campaign_id from flow_sessions where id = any(%(ids)s) order by campaign_id;

-- name: with_address
-- Conversations with whoever has this address that go on: the one that spoke last on that channel first, else the one
-- that spoke last there at all. Index attempts_by_address.
select s.id, s.campaign_id from attempts a join flow_sessions s on s.id = a.session_id
where a.workspace_id = %(workspace_id)s and a.address = %(address)s and a.session_id is not null and s.status = 'waiting'
group by s.id, s.campaign_id
order by max(a.created_at) filter (where a.channel_id = %(channel_id)s) desc nulls last, max(a.created_at) desc, s.id desc;

-- name: save
-- What the sprint left.
update flow_sessions set session = %(session)s, status = %(status)s, outcome = %(outcome)s, is_current = %(is_current)s,
  channel_type = %(channel_type)s,
  inputs = %(inputs)s, was_reached = %(was_reached)s, has_opted_out = %(has_opted_out)s, last_failure = %(last_failure)s,
  handed_off_at = %(handed_off_at)s, updated_at = %(now)s,
  ended_at = case when %(status)s = 'ended' then coalesce(ended_at, %(now)s) end
where id = %(id)s;

-- name: add_input
-- Told once: nothing when the world has told it under this name before.
insert into flow_inputs (session_id, number, workspace_id, at, told, key)
values (%(session_id)s, %(number)s, %(workspace_id)s, %(at)s, %(told)s, %(key)s)
on conflict do nothing
returning number;

-- name: inputs
-- What a session was told, in order.
select at, told from flow_inputs where session_id = %(session_id)s order by number;

-- name: began
-- What a session began with, and what it is now.
select flow_id, flow_version, started, session from flow_sessions where id = %(session_id)s;

-- name: queue
-- A wish to send something.
insert into flow_messages (session_id, number, workspace_id, kind, channel_type, content, wait, state, created_at)
values (%(session_id)s, %(number)s, %(workspace_id)s, %(kind)s, %(channel_type)s, %(content)s, %(wait)s, 'queued', %(now)s);

-- name: set_wait
-- The wait that wants word of a message, known when the sprint is over.
update flow_messages set wait = %(wait)s where session_id = %(session_id)s and number = %(number)s;

-- name: withdraw
-- Nobody waits for it any more, and it has not gone out.
update flow_messages set state = 'withdrawn'
where session_id = %(session_id)s and wait = any(%(waits)s) and state = 'queued';

-- name: withdraw_all
-- The conversation was stopped.
update flow_messages set state = 'withdrawn' where session_id = %(session_id)s and state = 'queued';

-- name: heads
-- The message each of these sessions sends next.
select distinct on (session_id) session_id, number, kind, channel_type, content, wait, state
from flow_messages where session_id = any(%(session_ids)s) and state = 'queued' order by session_id, number;

-- name: message
-- One message.
select session_id, number, kind, channel_type, content, wait, state
from flow_messages where session_id = %(session_id)s and number = %(number)s;

-- name: talk_call
-- The one call in which the flow itself speaks, until it is over.
select session_id, number, kind, channel_type, content, wait, state
from flow_messages where session_id = %(session_id)s and kind = 'call' and content ->> 'type' = 'talk'
  and state in ('queued', 'attempting');

-- name: barring_call
-- A call after which no other is placed: one they declined, whenever, or one of this session that may have been
-- answered, for all anybody knows.
select a.disposition from flow_sessions s join attempts a on a.target_id = s.target_id
join flow_messages m on m.session_id = a.session_id and m.number = a.message_no and m.kind = 'call'
where s.id = %(session_id)s and a.direction = 'outbound'
  and (a.disposition = 'declined' or a.disposition = 'unknown' and a.session_id = s.id)
order by a.disposition limit 1;

-- name: set_message
-- On its way, done, or waiting for another try.
update flow_messages set state = %(state)s where session_id = %(session_id)s and number = %(number)s;

-- name: carry
-- The attempts of a claim carry these messages.
with given as (
  select * from unnest(%(attempt_ids)s::uuid[], %(session_ids)s::bigint[], %(numbers)s::integer[]) as g (attempt_id, session_id, number)),
carried as (
  update attempts a set session_id = g.session_id, message_no = g.number from given g where a.id = g.attempt_id)
update flow_messages m set state = 'attempting' from given g where m.session_id = g.session_id and m.number = g.number;

-- name: taken_messages
-- Messages that their carriers have and whose targets do not go on yet; a call is not over with that.
select a.id, a.session_id, a.message_no from attempts a
join flow_messages m on m.session_id = a.session_id and m.number = a.message_no and m.kind <> 'call'
where a.id = any(%(ids)s::uuid[]) and a.state in ('accepted', 'in_progress') and a.let_go_at is null order by a.session_id, a.id;

-- name: let_go
-- The carrier has these messages: their targets go on without them.
update attempts set let_go_at = %(now)s
where id = any(%(ids)s::uuid[]) and state in ('accepted', 'in_progress') and let_go_at is null and session_id is not null
returning id;

-- name: tries
-- How the attempts at one message ended.
select disposition, count(*) from attempts
where session_id = %(session_id)s and message_no = %(number)s and disposition is not null group by disposition;

-- name: place
-- What of a target its conversation needs to see, held.
select t.state, t.address, t.reach_address, coalesce(t.zones, c.zones), d.window_key
from targets t join contacts c on c.id = t.contact_id left join due d on d.target_id = t.id
where t.id = %(target_id)s for no key update of t;

-- name: addresses
-- A contact's addresses, in order.
select kind, value from contact_addresses where contact_id = %(contact_id)s order by position;

-- name: contact
-- What a flow may know of a person.
select c.first_name, c.last_name, c.language, c.time_zone, c.external_id, c.attributes, coalesce(t.zones, c.zones)
from contacts c join targets t on t.contact_id = c.id where t.id = %(target_id)s;

-- name: tag
-- Marks of a contact, each once, in order of their names.
update contacts set tags = array(
  select t from unnest(tags || %(add)s::text[]) t where t <> all(%(remove)s::text[]) group by t order by t), updated_at = %(now)s
where id = %(contact_id)s;

-- name: wait_to_send
-- Something is to be sent, there and then.
with waiting as (
  update targets set state = 'waiting', reach_address = %(reach_address)s, last_reason = coalesce(%(reason)s, last_reason)
  where id = %(target_id)s returning id, workspace_id, campaign_id)
insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)
select id, workspace_id, campaign_id, %(window_key)s, %(priority)s, %(due_at)s from waiting
on conflict (target_id) do update set window_key = excluded.window_key, priority = excluded.priority, due_at = excluded.due_at;

-- name: talk
-- Nothing is to be sent: the conversation waits.
with gone as (delete from due where target_id = %(target_id)s)
update targets set state = 'talking', reach_address = null, last_reason = 'talking'
where id = %(target_id)s and state <> 'finished';
