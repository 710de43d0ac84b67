-- Messages of conversations: what came in, what a person or a flow wrote, and what waits to be sent.

-- name: add_inbound
-- Told again it is the same one: nothing is returned, and nothing follows.
insert into messages (workspace_id, conversation_id, direction, origin, kind, text, payload, reply_to, media, provider_key, campaign_id, at)
values (%(workspace_id)s, %(conversation_id)s, 'inbound', 'contact', %(kind)s, %(text)s, %(payload)s, %(reply_to)s, %(media)s,
  %(provider_key)s, %(campaign_id)s, %(at)s)
on conflict (conversation_id, provider_key) where provider_key is not null do nothing
returning id;

-- name: queue
-- To be sent as soon as its channel allows.
insert into messages (workspace_id, conversation_id, direction, origin, kind, text, subject, template, author, permission, campaign_id, state, due_at, at)
values (%(workspace_id)s, %(conversation_id)s, 'outbound', %(origin)s, %(kind)s, %(text)s, %(subject)s, %(template)s, %(author)s,
  %(permission)s, %(campaign_id)s, 'queued', %(now)s, %(now)s)
returning id;

-- name: answered_since
-- Whether this kind of answer was made lately: two programs that answer each other would never end.
select exists (select from messages where conversation_id = %(conversation_id)s and permission = %(permission)s and at > %(since)s);

-- name: waiting_channels
-- Where something waits to be sent now; only what waits is in the index.
select distinct c.channel_id from messages m join conversations c on c.id = m.conversation_id
where m.state = 'queued' and m.due_at <= %(now)s and c.channel_id = any(%(channel_ids)s)
  and not exists (select from channels h where h.id = c.channel_id and h.paused_at is not null);

-- name: claim
-- What waits on a channel, oldest first, with what decides whether it may go. Rows another worker has are passed over.
select m.id, m.workspace_id, m.conversation_id, m.text, m.subject, m.template, m.permission, m.tries, m.at,
  c.address, c.last_inbound_at, h.channel_type, w.allowed_countries,
  exists (select from suppressions s where s.workspace_id = m.workspace_id and s.address = c.address
    and (s.expires_at is null or s.expires_at > %(now)s)
    and (s.scope = 'workspace' or s.channel_type = h.channel_type)) as is_suppressed
from messages m
join conversations c on c.id = m.conversation_id
join channels h on h.id = c.channel_id
join workspaces w on w.workspace_id = m.workspace_id
where m.state = 'queued' and m.due_at <= %(now)s and c.channel_id = %(channel_id)s and h.paused_at is null
order by m.due_at, m.id limit %(limit)s for update of m skip locked;

-- name: open
-- The attempts of these messages, committed before the network is touched. One whose address has an open attempt is
-- not made, and not returned.
with given as materialized (
  select * from unnest(%(ids)s::uuid[], %(message_ids)s::bigint[]) as g (id, message_id)),
made as (
  insert into attempts (id, workspace_id, channel_id, attempt_no, address, state, owner_id, created_at, sending_at, ask_at)
  select g.id, m.workspace_id, c.channel_id, m.tries + 1, c.address, 'sending', %(owner_id)s, %(now)s, %(now)s, %(ask_at)s
  from given g join messages m on m.id = g.message_id join conversations c on c.id = m.conversation_id
  order by c.address
  on conflict do nothing
  returning id, workspace_id),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at) select workspace_id, id, 'sending', %(now)s from made)
update messages m set state = 'sending', attempt_id = made.id, tries = m.tries + 1
from made join given g on g.id = made.id where m.id = g.message_id
returning made.id;

-- name: refuse
-- It may not go, and why.
update messages set state = 'refused', problem = %(problem)s, due_at = null where id = %(id)s and state = 'queued';

-- name: defer
-- Not now, each until a moment of its own.
update messages m set due_at = g.moment
from unnest(%(ids)s::bigint[], %(moments)s::timestamptz[]) as g (id, moment) where m.id = g.id and m.state = 'queued';

-- name: bring_forward
-- What put them off is eased: each is asked about again, also whoever waits for something else, for a moment.
update messages m set due_at = %(now)s from conversations c
where m.state = 'queued' and m.due_at > %(now)s and c.id = m.conversation_id and c.channel_id = %(channel_id)s;

-- name: requeue
-- Its attempt certainly did not reach anybody: once more, unless it was tried often enough or is too old.
update messages set state = 'queued', due_at = %(due_at)s, attempt_id = null
where attempt_id = %(attempt_id)s and state = 'sending' and tries < %(most)s;

-- name: page
-- A thread in order, oldest first after a cursor, or newest first before one: what is stored, and the sends of campaigns that tell the same to
-- everybody, which are read from their attempts. Of a stored one how far its attempt is.
select s.key, s.id, s.direction, s.origin, s.kind, s.text, s.subject, s.template, s.payload, s.reply_to, s.media, s.campaign_id, s.author,
  s.permission, s.state, s.problem, s.at, s.attempt_id, a.state as attempt_state, a.disposition, a.reason, a.ended_at,
  k.document, g.contact_id, p.first_name, p.last_name, p.attributes
from (
  select to_char(m.id, 'FM0000000000000000000') as key, m.id, m.direction, m.origin, m.kind, m.text, m.subject, m.template, m.payload,
    m.reply_to, m.media, m.campaign_id, m.author, m.permission, m.state, m.problem, m.at, m.attempt_id
  from messages m where m.conversation_id = %(conversation_id)s
  union all
  select t.id::text, null, 'outbound', case when t.session_id is null then 'campaign' else 'flow' end,
    coalesce(f.kind, 'text'), coalesce(f.content ->> 'text', f.content ->> 'template', ''), null,
    case when f.kind = 'template' then f.content end, null, null, null, t.campaign_id, null, null, null, null, t.created_at, t.id
  from attempts t left join flow_messages f on f.session_id = t.session_id and f.number = t.message_no
  where t.workspace_id = %(workspace_id)s and t.address = %(address)s and t.channel_id = %(channel_id)s
    and t.campaign_id is not null
    and not exists (select from messages n where n.attempt_id = t.id)) s
left join attempts a on a.id = s.attempt_id
left join campaigns k on s.id is null and a.session_id is null and k.id = a.campaign_id
left join targets g on s.id is null and g.id = a.target_id
left join contacts p on p.id = g.contact_id
-- What never left was not said to anybody: the attempt that follows says it. An answer of somebody's stays, with why.
where (s.origin not in ('campaign', 'flow') or a.disposition is distinct from 'not_sent')
  and (%(after_at)s::timestamptz is null or case when %(is_newest)s
  then (s.at, s.key) < (%(after_at)s, %(after_key)s) else (s.at, s.key) > (%(after_at)s, %(after_key)s) end)
order by case when %(is_newest)s then s.at end desc, case when %(is_newest)s then s.key end desc, s.at, s.key limit %(limit)s;

-- name: get
-- One message of a thread, as far as its attempt is.
select m.id::text as key, m.id, m.direction, m.origin, m.kind, m.text, m.subject, m.template, m.payload, m.reply_to, m.media, m.campaign_id,
  m.author, m.permission, m.state, m.problem, m.at, m.attempt_id, a.state as attempt_state, a.disposition, a.reason, a.ended_at,
  null as document, null as contact_id, null as first_name, null as last_name, null as attributes
from messages m left join attempts a on a.id = m.attempt_id
where m.id = %(id)s and m.workspace_id = %(workspace_id)s;

-- name: last_campaign
-- The campaign that wrote to them last on this channel: what an answer most likely answers.
select campaign_id from attempts
where workspace_id = %(workspace_id)s and address = %(address)s and channel_id = %(channel_id)s and campaign_id is not null
order by created_at desc limit 1;
