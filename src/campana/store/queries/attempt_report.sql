-- What a workspace's attempts of some days came to, each read once; index attempts_newest. What never touched the
-- network (`not_sent`) is no attempt.

-- name: groups
-- By day, channel, campaign and outcome, one after another; `kind` says which. Attempts of no campaign (answers of a
-- person, tests of a channel) have an empty key among the campaigns.
with told as (
  select (a.created_at at time zone %(zone)s)::date::text as day, a.channel_id, coalesce(a.campaign_id, '') as campaign_id,
    coalesce(a.disposition, 'in_progress') as outcome,
    coalesce(a.disposition = any(%(reached)s), false) as is_reached,
    extract(epoch from a.ended_at - a.answered_at) as talk, g.cost
  from attempts a left join charges g on g.attempt_id = a.id
  where a.workspace_id = %(workspace_id)s and a.created_at >= %(since)s and a.created_at < %(before)s
    and (%(campaign_id)s::text is null or a.campaign_id = %(campaign_id)s)
    and a.disposition is distinct from 'not_sent')
select case grouping(day, channel_id, campaign_id, outcome) when 7 then 'day' when 11 then 'channel'
    when 13 then 'campaign' else 'outcome' end as kind,
  coalesce(day, channel_id, campaign_id, outcome) as key,
  count(*) as attempts, count(*) filter (where is_reached) as reached,
  coalesce(sum(talk), 0)::float8 as talk_seconds, sum(cost) as cost
from told group by grouping sets ((day), (channel_id), (campaign_id), (outcome));

-- name: hours
-- By half hours and the first zone each person may be in.
select c.zones[1] as zone, date_bin('30 minutes', a.created_at, timestamptz '2000-01-01 00:00+00') as began_at,
  count(*) as attempts, count(*) filter (where a.disposition = any(%(reached)s)) as reached
from attempts a
join targets t on t.id = a.target_id
join contacts c on c.id = t.contact_id
where a.workspace_id = %(workspace_id)s and a.created_at >= %(since)s and a.created_at < %(before)s
  and (%(campaign_id)s::text is null or a.campaign_id = %(campaign_id)s)
  and a.disposition is distinct from 'not_sent'
group by 1, 2;

-- name: people
-- How many were tried, reached, and gone through with to the end.
select count(distinct target_id), count(distinct target_id) filter (where disposition = any(%(reached)s)),
  count(distinct target_id) filter (where disposition = any(%(done)s))
from attempts
where workspace_id = %(workspace_id)s and created_at >= %(since)s and created_at < %(before)s
  and (%(campaign_id)s::text is null or campaign_id = %(campaign_id)s)
  and disposition is distinct from 'not_sent';

-- name: names
-- Of the channels and campaigns it speaks of.
select id, name from channels where workspace_id = %(workspace_id)s and id = any(%(ids)s)
union all
select id, name from campaigns where workspace_id = %(workspace_id)s and id = any(%(ids)s);
