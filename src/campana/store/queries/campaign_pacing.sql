-- A campaign's own limits: one row for each campaign that has any, locked by every claim of it.

-- name: make
-- The first claim of a limited campaign makes the row; later ones find it.
insert into campaign_pacing (campaign_id, workspace_id, arrival_at, day)
values (%(campaign_id)s, %(workspace_id)s, %(now)s, %(day)s) on conflict do nothing;

-- name: lock
-- How much of its limits is used, held: claims of one limited campaign pass here one after another, so that
-- no number of workers takes more than the limit. Open attempts are counted behind the lock.
select cp.arrival_at, cp.rate, case when cp.day = %(day)s then cp.day_attempts else 0 end as attempts_today, cp.begun,
  cp.canary = 'pending' as is_canary_pending,
  greatest(coalesce(c.running_since, c.launched_at, c.created_at), c.start_date) as since, ch.rate as channel_rate
from campaign_pacing cp
join campaigns c on c.id = cp.campaign_id
join channels ch on ch.id = c.channel_id
where cp.campaign_id = %(campaign_id)s for update of cp;

-- name: in_use
-- A statement of its own, so that its snapshot is younger than the lock: what the claim before wrote counts.
select (select count(*) from attempts where campaign_id = %(campaign_id)s and state not in ('ended', 'unknown') and let_go_at is null),
  (select coalesce(sum(enrolled), 0)::bigint from enrollments where campaign_id = %(campaign_id)s);

-- name: set
-- What the claim took, and what holds the campaign back from here on.
update campaign_pacing set arrival_at = %(arrival_at)s, rate = %(rate)s, day = %(day)s, day_attempts = %(attempts_today)s, begun = %(begun)s,
  held_by = %(held_by)s, held_until = %(held_until)s
where campaign_id = %(campaign_id)s;

-- name: release
-- Ask again: a limit was changed, or the campaign began anew.
update campaign_pacing set held_by = null, held_until = null where campaign_id = %(campaign_id)s and held_by is not null;

-- name: untried
-- Of targets that were claimed before, those of whom nothing has left so far (the key of attempts: target, number).
select count(*) from unnest(%(target_ids)s::bigint[], %(attempt_nos)s::integer[]) as g (target_id, attempt_no)
where not exists (select from attempts a where a.target_id = g.target_id and a.attempt_no < g.attempt_no
  and (a.disposition is null or a.disposition not in ('not_sent', 'cancelled')));

-- name: hold_canary
-- Before they are counted: no claim adds to them meanwhile.
select begun from campaign_pacing where campaign_id = %(campaign_id)s and canary = 'pending' and held_by = 'canary' for update;

-- name: recount
-- Who was claimed and put back unsent, or hung up by us, says nothing of how the first people do: others go first too.
update campaign_pacing set begun = (
  select count(distinct target_id) from attempts
  where campaign_id = %(campaign_id)s and target_id is not null
    and (disposition is null or disposition not in ('not_sent', 'cancelled')))
where campaign_id = %(campaign_id)s returning begun;

-- name: judge
-- The verdict on the first people is given once.
update campaign_pacing set canary = %(canary)s, held_by = null, held_until = null
where campaign_id = %(campaign_id)s and canary = 'pending'
returning campaign_id;
