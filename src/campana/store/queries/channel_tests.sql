-- Test messages and test calls of a channel, and what became of them.

-- name: add
-- In one with a form that was sent before nothing is made, and nothing returned. A key is named as its owner named it.
insert into channel_tests (workspace_id, channel_id, asked_by, at, form)
values (%(workspace_id)s, %(channel_id)s,
  coalesce((select 'the key ' || name from api_keys where id = %(asked_by)s), %(asked_by)s), %(now)s, %(form)s)
on conflict (channel_id, form) do nothing
returning id, asked_by;

-- name: becomes
-- The message it is, or the campaign that calls.
update channel_tests set message_id = %(message_id)s, campaign_id = %(campaign_id)s where id = %(id)s;

-- name: remove
-- It was refused: nothing was sent.
delete from channel_tests where id = %(id)s;

-- name: since
-- How many were made lately: the index of the newest ends the walk.
select count(*) from (
  select from channel_tests where channel_id = %(channel_id)s and at > %(since)s order by id desc limit %(most)s) made;

-- name: latest
-- Newest first, each as far as its message or its call is.
select t.id, t.channel_id, t.asked_by, t.at, coalesce(v.address, g.address) as address, v.id as conversation_id, t.campaign_id,
  case
    when m.state = 'refused' or a.state in ('ended', 'unknown') or g.state = 'finished' then 'ended'
    -- a call may last beyond the end of what it is of
    when a.state is not null or g.state in ('attempting', 'talking') then 'under_way'
    when k.ended then 'ended'
    else 'waiting' end as state,
  case
    when m.state = 'refused' then 'refused'
    when a.state = 'unknown' then 'unknown'
    when g.state in ('attempting', 'talking') then null
    else coalesce(a.disposition, g.disposition, case when k.ended then 'expired' end) end as outcome,
  coalesce(m.problem, a.reason, g.last_reason) as reason
from channel_tests t
left join messages m on m.id = t.message_id
left join conversations v on v.id = m.conversation_id
left join attempts a on a.id = m.attempt_id
left join lateral (
  select campaign_state_at(c.state, c.end_date, %(now)s) in ('completed', 'cancelled', 'expired') as ended
  from campaigns c where c.id = t.campaign_id) k on true
left join lateral (
  select x.address, x.state, x.disposition, x.last_reason from targets x where x.campaign_id = t.campaign_id limit 1) g on true
where t.workspace_id = %(workspace_id)s and t.channel_id = %(channel_id)s and (t.message_id is not null or t.campaign_id is not null)
  and (%(id)s::bigint is null or t.id = %(id)s)
order by t.id desc limit %(limit)s;
