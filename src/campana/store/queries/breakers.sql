-- What the breakers look at. Every sample is the newest few of an index (attempts_ended): its cost does not grow
-- with the campaign.

-- name: watched
-- Running campaigns of which something ended, or whose people wrote something, lately, or complained within a day: the
-- others can have passed no limit since they were asked. Indexes attempts_ended, conversations_of_campaign,
-- attempt_events_complaints.
select id, workspace_id, document, running_since from campaigns c
where state = 'running' and (end_date is null or end_date > %(now)s)
  and (exists (select from attempts a where a.campaign_id = c.id and a.ended_at > %(since)s)
    or exists (select from conversations v where v.campaign_id = c.id and v.last_message_at > %(since)s)
    or id in (select a.campaign_id from attempt_events e join attempts a on a.id = e.attempt_id
      where e.type = 'complained' and e.at >= %(complained_since)s))
order by id;

-- name: sample
-- The newest attempts of a campaign by outcome; how many of these people were suppressed after their attempt; in how
-- many of these calls a transfer was asked for, and in how many of those nobody took it (the last of a call counts);
-- how many were calls that are over, and of those by how many a person was reached.
-- Whoever answers STOP to a message of which no receipt has come had it: the answer is the end of that attempt.
with stopped as (
  select v.workspace_id, v.address from conversations v
  where v.campaign_id = %(campaign_id)s and v.last_message_at >= %(since)s and v.stopped_at is not null
  order by v.last_message_at desc limit %(limit)s),
newest as materialized (
  (select id, workspace_id, channel_id, address, disposition, created_at, answered_at from attempts
   where campaign_id = %(campaign_id)s and ended_at >= %(since)s
   order by ended_at desc limit %(limit)s)
  union all
  select a.id, a.workspace_id, a.channel_id, a.address, 'delivered', a.created_at, null
  from stopped s join attempts a on a.workspace_id = s.workspace_id and a.address = s.address
  where a.campaign_id = %(campaign_id)s and a.state in ('accepted', 'in_progress'))
select n.disposition, count(*), count(*) filter (where exists (
  select from suppressions s
  where s.workspace_id = n.workspace_id and s.address = n.address and s.created_at >= n.created_at)),
  count(v.last), count(*) filter (where v.last in ('refused', 'no_answer', 'barred')),
  count(*) filter (where ch.channel_type = 'Voice' and n.disposition <> all(%(no_contact)s::text[])),
  count(*) filter (where ch.channel_type = 'Voice' and (n.disposition = any(%(answers)s::text[])
    or n.disposition = any(%(wishes)s::text[]) and n.answered_at is not null))
from newest n
join channels ch on ch.id = n.channel_id
left join lateral (select transfers->-1->>'outcome' as last from voice_calls where attempt_id = n.id) v on true
group by n.disposition;

-- name: complaints
-- How many complaints were made lately (an index of complaints alone).
select count(*) from attempt_events e join attempts a on a.id = e.attempt_id
where e.type = 'complained' and e.at >= %(since)s and a.campaign_id = %(campaign_id)s;

-- name: reached
-- Of how many attempts that is, not many more than tell whether it is too many: those that ended, and those that the
-- carrier has (a letter is open until nothing came back for a while). Indexes attempts_ended, attempts_open_campaign.
select count(*) from (
  (select from attempts where campaign_id = %(campaign_id)s and ended_at >= %(since)s
   order by ended_at desc limit %(limit)s)
  union all
  (select from attempts where campaign_id = %(campaign_id)s and state in ('accepted', 'in_progress') limit %(limit)s)) recent;

-- name: canaries
-- Campaigns whose first people have all been begun: is any of them in contact still, since when is none, is everybody
-- enrolled? Index attempts_ended.
select c.id, c.workspace_id, c.document, cp.begun,
  (select coalesce(sum(e.enrolled), 0)::bigint from enrollments e where e.campaign_id = c.id) as enrolled,
  exists (select from enrollments e where e.campaign_id = c.id and e.finished_at is null) as is_enrolling,
  exists (select from attempts a where a.campaign_id = c.id and a.state not in ('ended', 'unknown')) as is_attempting,
  (select max(a.ended_at) from attempts a where a.campaign_id = c.id) as last_ended_at
from campaign_pacing cp join campaigns c on c.id = cp.campaign_id
where cp.canary = 'pending' and cp.held_by = 'canary' and c.state = 'running'
order by c.id;

-- name: resuming
-- Tripped for a time that is over; skips those somebody is changing.
select id, workspace_id, document from campaigns
where state = 'tripped' and resume_at <= %(now)s and (end_date is null or end_date > %(now)s)
order by id limit 100 for no key update skip locked;

-- name: channels
-- Channels on which something ended lately, how often in a row they were down, and their newest outcomes since
-- they last came up: through their running campaigns, and those whose flows wait on them, a few rows of each.
select ch.id, p.failing, newest.outcomes
from channels ch
join pacing p on p.channel_id = ch.id and (p.down_until is null or p.down_until <= %(now)s)
cross join lateral (
  select array(
    select a.disposition from (
      select id from campaigns where channel_id = ch.id and state = 'running'
      union
      select c.id from open_windows o join campaigns c on c.id = o.campaign_id
      where o.channel_id = ch.id and c.state = 'running') used
    cross join lateral (
      select disposition, ended_at from attempts
      where campaign_id = used.id and channel_id = ch.id and ended_at >= greatest(%(since)s, p.down_until)
      order by ended_at desc limit %(limit)s) a
    order by a.ended_at desc limit %(limit)s) as outcomes) newest
where cardinality(newest.outcomes) > 0
order by ch.id;

-- name: set_up
-- Another account: it is tried at once, and what failed before counts no more.
update pacing set down_until = %(now)s, failing = 0 where channel_id = %(channel_id)s and down_until > %(now)s;

-- name: set_down
-- Nothing is granted until then; `failing` makes the next time longer.
update pacing set down_until = %(until)s, failing = %(failing)s where channel_id = %(channel_id)s;
