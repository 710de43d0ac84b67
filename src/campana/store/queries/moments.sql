-- When something can happen next, for rehearsals in virtual time; nothing else asks.

-- name: waiting
-- Whoever waits in campaigns that run, with what their next claim goes by.
select c.id as campaign_id, c.document::text, ch.contact_window::text as channel_window, g.window_key, g.due_at, w.open_until,
  coalesce(l.watched_at, c.launched_at) as watched_at,
  greatest(c.start_date, h.held_until, p.down_until) as not_before,
  p.arrival_at, ch.rate, ch.burst, ch.lines,
  (select count(*)::integer from attempts a where a.channel_id = ch.id and a.state not in ('ended', 'unknown')) as lines_in_use,
  (select count(*)::integer from attempts a where a.campaign_id = c.id and a.state not in ('ended', 'unknown')) as own_lines_in_use,
  ch.daily_attempts, case when p.day = %(day)s then p.day_sends else 0 end as sent_today
from campaigns c
join (select campaign_id, window_key, min(due_at) as due_at from due group by 1, 2) g on g.campaign_id = c.id
-- what a flow says on another channel waits under a key that begins with its type
join channels ch on ch.id = case when strpos(g.window_key, '|') > 0
  then c.document -> 'channels' ->> split_part(g.window_key, '|', 1) else c.channel_id end
join pacing p on p.channel_id = ch.id
left join open_windows w on w.campaign_id = c.id and w.window_key = g.window_key and w.open_until > %(now)s
left join watches l on l.campaign_id = c.id
left join campaign_pacing h on h.campaign_id = c.id
where c.state = 'running'
order by c.id, g.window_key;

-- name: others
-- What the other loops go by: the carrier is to be asked, an owner has died, a campaign is to be closed or goes
-- on, when something ended last, and when a conversation goes on or asks a program.
select
  (select min(ask_at) from attempts where owner_id = 0 and state not in ('ended', 'unknown')),
  (select min(created_at) from attempts
   where owner_id <> 0 and owner_id <> all(%(living)s) and state not in ('ended', 'unknown')),
  (select min(created_at) from attempts
   where owner_id = any(%(living)s) and state not in ('ended', 'unknown')),
  exists (select from grants where owner_id <> all(%(living)s)),
  (select min(least(end_date, case when state = 'tripped' then resume_at end)) from campaigns
   where state in ('running', 'paused', 'tripped')),
  exists (select from campaigns c where c.state = 'running' and not c.keep_open
    and exists (select from enrollments e where e.campaign_id = c.id)
    and not exists (select from enrollments e where e.campaign_id = c.id and e.finished_at is null)
    and not exists (select from targets t where t.campaign_id = c.id and t.state <> 'finished')),
  (select max(ended_at) from attempts),
  (select min(due_at) from flow_timers),
  (select min(due_at) from flow_requests);

-- name: is_finished
-- Every campaign is over, and nothing is open.
select not exists (select from campaigns where state in ('running', 'paused', 'tripped'))
  and not exists (select from attempts where state not in ('ended', 'unknown'));

-- name: endings
-- How conversations ended, in the words of their flow.
select coalesce(t.last_reason, t.disposition), count(*) from targets t
where t.campaign_id = %(campaign_id)s and t.state = 'finished'
  and exists (select from flow_sessions s where s.target_id = t.id)
group by 1 order by 2 desc, 1;

-- name: replies
-- What people have written; a rehearsal has one workspace.
select count(*) from messages where direction = 'inbound';

-- name: reasons
-- People who were put off or left out, by reason; each counts once for each.
select d.kind, d.reason, count(distinct d.target_id)
from target_decisions d join targets t on t.id = d.target_id
where t.campaign_id = %(campaign_id)s
group by d.kind, d.reason order by 3 desc, 1, 2;
