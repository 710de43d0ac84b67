-- Conversations: one thread for each person on each channel, whoever wrote first.

-- name: open_for
-- The thread of whoever wrote, held until the transaction ends: what they say is applied in turn. A closed one is
-- open again.
insert into conversations as c (id, workspace_id, channel_id, address, contact_id, name, campaign_id, status, last_inbound_at,
  last_message_at, created_at)
values (%(id)s, %(workspace_id)s, %(channel_id)s, %(address)s, %(contact_id)s, %(name)s, %(campaign_id)s, 'open', %(at)s,
  %(now)s, %(now)s)
on conflict (workspace_id, channel_id, address) do update set
  contact_id = coalesce(excluded.contact_id, c.contact_id), name = coalesce(excluded.name, c.name),
  campaign_id = coalesce(excluded.campaign_id, c.campaign_id),
  last_inbound_at = greatest(c.last_inbound_at, excluded.last_inbound_at),
  last_message_at = greatest(c.last_message_at, excluded.last_message_at),
  status = case c.status when 'closed' then 'open' else c.status end, closed_at = null,
  version = c.version + (c.status = 'closed')::integer
returning c.id, c.workspace_id, c.channel_id, c.address, c.contact_id, c.name, c.campaign_id, c.status, c.assignee, c.queue, c.note,
  c.stopped_at, c.started_at, c.last_inbound_at, c.last_message_at, c.created_at, c.closed_at, c.version,
  (select h.channel_type from channels h where h.id = c.channel_id) as channel_type;

-- name: open_to
-- The thread with an address that is written to, who may never have written, held.
insert into conversations as c (id, workspace_id, channel_id, address, status, last_message_at, created_at)
values (%(id)s, %(workspace_id)s, %(channel_id)s, %(address)s, 'open', %(now)s, %(now)s)
on conflict (workspace_id, channel_id, address) do update set last_message_at = greatest(c.last_message_at, excluded.last_message_at)
returning c.id, c.workspace_id, c.channel_id, c.address, c.contact_id, c.name, c.campaign_id, c.status, c.assignee, c.queue, c.note,
  c.stopped_at, c.started_at, c.last_inbound_at, c.last_message_at, c.created_at, c.closed_at, c.version,
  (select h.channel_type from channels h where h.id = c.channel_id) as channel_type;

-- name: of_address
-- As it was before the message: whether it is new, or was closed. Whoever applies messages of this person has their
-- part of the inbox, so that nobody changes it in between but a person.
select c.id, c.workspace_id, c.channel_id, c.address, c.contact_id, c.name, c.campaign_id, c.status, c.assignee, c.queue, c.note,
  c.stopped_at, c.started_at, c.last_inbound_at, c.last_message_at, c.created_at, c.closed_at, c.version, h.channel_type
from conversations c join channels h on h.id = c.channel_id
where c.workspace_id = %(workspace_id)s and c.channel_id = %(channel_id)s and c.address = %(address)s for no key update of c;

-- name: note_outbound
-- Messages that attempts are about to send, each in its thread, which is made where there is none: one statement
-- for all of a claim. In the order of the addresses: two claims wait for each other and never in a circle.
with given as materialized (
  select * from unnest(%(ids)s::text[], %(attempt_ids)s::uuid[], %(addresses)s::text[], %(texts)s::text[], %(contact_ids)s::bigint[])
    as g (id, attempt_id, address, text, contact_id)),
threads as (
  insert into conversations as c (id, workspace_id, channel_id, address, contact_id, campaign_id, status, last_message_at, created_at)
  select id, %(workspace_id)s, %(channel_id)s, address, contact_id, %(campaign_id)s, 'open', %(now)s, %(now)s from (
    select distinct on (address) * from given order by address) g
  on conflict (workspace_id, channel_id, address) do update set
    contact_id = coalesce(excluded.contact_id, c.contact_id),
    campaign_id = coalesce(excluded.campaign_id, c.campaign_id),
    last_message_at = greatest(c.last_message_at, excluded.last_message_at)
  returning c.id, c.address)
insert into messages (workspace_id, conversation_id, direction, origin, kind, text, attempt_id, campaign_id, at)
select %(workspace_id)s, t.id, 'outbound', %(origin)s, 'text', g.text, g.attempt_id, %(campaign_id)s, %(now)s
from given g join threads t on t.address = g.address;

-- name: lock
-- Held: two people who act on one thread do not undo each other.
select c.id, c.workspace_id, c.channel_id, c.address, c.contact_id, c.name, c.campaign_id, c.status, c.assignee, c.queue, c.note,
  c.stopped_at, c.started_at, c.last_inbound_at, c.last_message_at, c.created_at, c.closed_at, c.version, h.channel_type
from conversations c join channels h on h.id = c.channel_id
where c.id = %(id)s for no key update of c;

-- name: get
-- One thread; row level security makes another workspace's absent.
select c.id, c.workspace_id, c.channel_id, c.address, c.contact_id, c.name, c.campaign_id, c.status, c.assignee, c.queue, c.note,
  c.stopped_at, c.started_at, c.last_inbound_at, c.last_message_at, c.created_at, c.closed_at, c.version, h.channel_type
from conversations c join channels h on h.id = c.channel_id
where c.id = %(id)s and c.workspace_id = %(workspace_id)s;

-- name: change
-- What a person or a flow decides about a thread.
update conversations set status = %(status)s, assignee = %(assignee)s, queue = %(queue)s, note = %(note)s,
  closed_at = %(closed_at)s, returned_at = coalesce(%(returned_at)s, returned_at), version = version + 1
where id = %(id)s;

-- name: take_returned
-- Given back by people; told to their flows in the transaction that takes them.
update conversations set returned_at = null where id in (
  select id from conversations where returned_at is not null order by returned_at limit %(limit)s for no key update skip locked)
returning workspace_id, channel_id, address;

-- name: hand_off
-- A flow gives it to a person; a thread nobody has written in yet is made.
insert into conversations as c (id, workspace_id, channel_id, address, contact_id, campaign_id, status, queue, note,
  last_message_at, created_at)
values (%(id)s, %(workspace_id)s, %(channel_id)s, %(address)s, %(contact_id)s, %(campaign_id)s, 'waiting', %(queue)s, %(note)s,
  %(now)s, %(now)s)
on conflict (workspace_id, channel_id, address) do update set status = 'waiting', assignee = null, closed_at = null,
  queue = excluded.queue, note = excluded.note, contact_id = coalesce(c.contact_id, excluded.contact_id),
  campaign_id = coalesce(excluded.campaign_id, c.campaign_id), version = c.version + 1
returning c.id, c.workspace_id, c.channel_id, c.address, c.contact_id, c.name, c.campaign_id, c.status, c.assignee, c.queue, c.note,
  c.stopped_at, c.started_at, c.last_inbound_at, c.last_message_at, c.created_at, c.closed_at, c.version,
  (select h.channel_type from channels h where h.id = c.channel_id) as channel_type;

-- name: place_of_session
-- Where a flow's session spoke last; before its first message, where that would go.
select coalesce(a.channel_id, c.channel_id), coalesce(a.address, t.reach_address, t.address)
from flow_sessions s
join campaigns c on c.id = s.campaign_id
join targets t on t.id = s.target_id
left join lateral (
  select channel_id, address from attempts where session_id = s.id order by created_at desc limit 1) a on true
where s.id = %(session_id)s;

-- name: said_stop
-- When the person said so last, whatever order it came in.
update conversations set stopped_at = greatest(stopped_at, %(stopped_at)s), started_at = greatest(started_at, %(started_at)s)
where id = %(id)s;

-- name: spoken
-- One more message of ours.
update conversations set last_message_at = greatest(last_message_at, %(now)s) where id = %(id)s;

-- name: page
-- Latest message first, by number or after a cursor; index conversations_newest gives the order.
select c.id, c.workspace_id, c.channel_id, c.address, c.contact_id, c.name, c.campaign_id, c.status, c.assignee, c.queue, c.note,
  c.stopped_at, c.started_at, c.last_inbound_at, c.last_message_at, c.created_at, c.closed_at, c.version, h.channel_type
from conversations c join channels h on h.id = c.channel_id
where c.workspace_id = %(workspace_id)s
  and (%(channel_id)s::text is null or c.channel_id = %(channel_id)s)
  and (%(campaign_id)s::text is null or c.campaign_id = %(campaign_id)s)
  and (%(status)s::text is null or c.status = %(status)s)
  and (%(assignee)s::text is null or c.assignee = %(assignee)s)
  and (%(words)s::text is null or c.address ilike %(words)s or c.name ilike %(words)s or exists (select from contacts p
    where p.id = c.contact_id and concat_ws(' ', p.first_name, p.last_name) ilike %(words)s))
  and (%(date_from)s::timestamptz is null or c.last_message_at >= %(date_from)s)
  and (%(date_to)s::timestamptz is null or c.last_message_at <= %(date_to)s)
  and (%(after_at)s::timestamptz is null or (c.last_message_at, c.id) < (%(after_at)s, %(after_id)s))
order by c.last_message_at desc, c.id desc
limit %(limit)s offset %(offset)s;

-- name: count
-- How many match in all, cursor or not.
select count(*) from conversations c
where c.workspace_id = %(workspace_id)s
  and (%(channel_id)s::text is null or c.channel_id = %(channel_id)s)
  and (%(campaign_id)s::text is null or c.campaign_id = %(campaign_id)s)
  and (%(status)s::text is null or c.status = %(status)s)
  and (%(assignee)s::text is null or c.assignee = %(assignee)s)
  and (%(words)s::text is null or c.address ilike %(words)s or c.name ilike %(words)s or exists (select from contacts p
    where p.id = c.contact_id and concat_ws(' ', p.first_name, p.last_name) ilike %(words)s))
  and (%(date_from)s::timestamptz is null or c.last_message_at >= %(date_from)s)
  and (%(date_to)s::timestamptz is null or c.last_message_at <= %(date_to)s);

-- name: latest
-- The last stored message of each of these threads, by index messages_in_order; what a campaign tells everybody is
-- not among them, nor what a flow would have said and never did.
select m.conversation_id, m.direction, m.origin, m.kind, m.text from unnest(%(ids)s::text[]) as given (id)
cross join lateral (
  select conversation_id, direction, origin, kind, text from messages n where conversation_id = given.id
    and (n.origin not in ('campaign', 'flow') or not exists (select from attempts a where a.id = n.attempt_id and a.disposition = 'not_sent'))
  order by id desc limit 1) m;

-- name: names
-- Of the people of these threads.
select c.id, p.first_name, p.last_name from conversations c join contacts p on p.id = c.contact_id
where c.id = any(%(ids)s);

-- name: names_of_everybody
-- Of whoever is reached at the address of these threads, in any list: what a masked answer must not show. One look
-- for each list, by contact_addresses_by_value.
select c.id, p.first_name, p.last_name from conversations c
join contact_lists l on l.workspace_id = c.workspace_id and l.segment is null
cross join lateral (
  select a.contact_id from contact_addresses a
  where a.list_id = l.id and a.kind = any('{phone,whatsapp,email}') and a.value = c.address) a
join contacts p on p.id = a.contact_id
where c.id = any(%(ids)s) and (p.first_name is not null or p.last_name is not null);
