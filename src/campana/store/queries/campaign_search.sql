-- Campaigns as people look for them: by words, states and channel, in the order they ask for.

-- name: newest
-- Newest first, archived ones only when asked for. The index campaigns_listed has the order and all that is asked, so
-- that what a filter or an offset passes over is read from a few pages.
select id, name, type, channel_type, campaign_state_at(state, end_date, %(now)s) as state, created_at
from campaigns
where workspace_id = %(workspace_id)s and archived = %(archived)s
  and (%(words)s::text is null or name ilike %(words)s or id = %(exact)s)
  and (%(states)s::text[] is null or campaign_state_at(state, end_date, %(now)s) = any(%(states)s))
  and (%(channel_type)s::text is null or channel_type = %(channel_type)s)
order by created_at desc, id
limit %(limit)s offset %(offset)s;

-- name: oldest
-- The same index from its other end.
select id, name, type, channel_type, campaign_state_at(state, end_date, %(now)s) as state, created_at
from campaigns
where workspace_id = %(workspace_id)s and archived = %(archived)s
  and (%(words)s::text is null or name ilike %(words)s or id = %(exact)s)
  and (%(states)s::text[] is null or campaign_state_at(state, end_date, %(now)s) = any(%(states)s))
  and (%(channel_type)s::text is null or channel_type = %(channel_type)s)
order by created_at, id desc
limit %(limit)s offset %(offset)s;

-- name: by_name
-- The index campaigns_by_name; of one name the newest first.
select id, name, type, channel_type, campaign_state_at(state, end_date, %(now)s) as state, created_at
from campaigns
where workspace_id = %(workspace_id)s and archived = %(archived)s
  and (%(words)s::text is null or name ilike %(words)s or id = %(exact)s)
  and (%(states)s::text[] is null or campaign_state_at(state, end_date, %(now)s) = any(%(states)s))
  and (%(channel_type)s::text is null or channel_type = %(channel_type)s)
order by lower(name), created_at desc, id
limit %(limit)s offset %(offset)s;

-- name: count
-- How many there are in all, for the number of pages, from campaigns_listed and no rows.
select count(*) from campaigns
where workspace_id = %(workspace_id)s and archived = %(archived)s
  and (%(words)s::text is null or name ilike %(words)s or id = %(exact)s)
  and (%(states)s::text[] is null or campaign_state_at(state, end_date, %(now)s) = any(%(states)s))
  and (%(channel_type)s::text is null or channel_type = %(channel_type)s);

-- name: named
-- The lines of the pages that are open now, whoever looks at them.
select id, name, type, channel_type, campaign_state_at(state, end_date, %(now)s) as state, created_at
from campaigns where workspace_id = %(workspace_id)s and id = any(%(ids)s);

-- name: recent_attempts
-- A quarter of an hour by the minute and channel, from the index attempts_newest.
select date_trunc('minute', created_at) as minute, channel_id, coalesce(disposition, state) as outcome,
  count(*) as count, count(answered_at) as answered
from attempts
where workspace_id = %(workspace_id)s and created_at >= %(since)s
group by 1, 2, 3 order by 1, 2, 3;

-- name: begun
-- What each campaign began in a short time, from the index attempts_newest; what was never sent is no attempt.
select campaign_id, count(*) from attempts
where workspace_id = %(workspace_id)s and created_at >= %(since)s and created_at < %(until)s
  and campaign_id is not null and disposition is distinct from 'not_sent'
group by campaign_id;

-- name: channels
-- Lines in use and in all of each channel, from the index of open attempts.
select c.id, c.name, c.kind, c.channel_type, c.lines, p.down_until, c.paused_at is not null as is_paused,
  (select count(*) from attempts a where a.channel_id = c.id and a.state not in ('ended', 'unknown')) as in_use
from channels c left join pacing p on p.channel_id = c.id
where c.workspace_id = %(workspace_id)s order by c.name;

-- name: last_event
-- When something happened last, from the end of the primary key.
select at from events where workspace_id = %(workspace_id)s order by id desc limit 1;

-- name: transfers
-- Of the newest calls that were to be handed to a person, those that nobody took, counted as the breakers do: from the
-- index voice_calls_transferred, whose ids rise with the time. So many at the most that it costs the same for a year.
select count(*) as count, count(*) filter (where t.last in ('refused', 'no_answer', 'barred')) as abandoned
from (
  select transfers->-1->>'outcome' as last from voice_calls
  where workspace_id = %(workspace_id)s and transfers <> '[]' and attempt_id >= %(first)s
  order by attempt_id desc limit %(most)s) t;

-- name: abandoned_limit
-- The lowest share of abandoned transfers that a running campaign allows itself, from the index of those that run.
select min((document->'breakers'->>'maxAbandonedTransferRate')::float8) from campaigns
where workspace_id = %(workspace_id)s and not archived and state = 'running'
  and (end_date is null or end_date > %(now)s);
