-- Segments and lists that are followed, walked through a stretch at a time; `enroll` itself is in targets.sql.

-- name: stretch
-- The next people of one list, whether they fit or not: what is looked at is bounded, however few fit. By contacts_by_list.
select max(id), count(*) from (
  select c.id from contacts c where c.list_id = %(list_id)s and c.id > %(after)s order by c.id limit %(limit)s) looked;

-- name: advance
-- In the same transaction as the stretch, so that a crash repeats neither.
update enrollments set scan_list_id = %(scan_list_id)s, last_contact_id = %(last_contact_id)s,
  enrolled = enrolled + %(made)s, finished_at = case when %(is_done)s then %(now)s::timestamptz else finished_at end
where campaign_id = %(campaign_id)s and list_id = %(list_id)s;

-- name: count_duplicates
-- Who fits and shares a number with somebody in the campaign: in the campaign's own people, no target of their own.
update enrollments e set duplicates = e.duplicates + %(duplicates)s
where e.campaign_id = %(campaign_id)s and e.list_id = %(list_id)s;

-- name: followed
-- Running campaigns that follow their lists and have been through all of them once; who has waited longest first.
select c.id from campaigns c
where c.state = 'running' and c.document ->> 'enrollment' = 'live' and (c.end_date is null or c.end_date > %(now)s)
  and exists (select from enrollments e where e.campaign_id = c.id)
  and not exists (select from enrollments e where e.campaign_id = c.id and e.finished_at is null)
order by (select min(e.swept_at) from enrollments e where e.campaign_id = c.id) nulls first, c.id;

-- name: hold
-- Whoever holds the rows follows; another worker goes on to the next campaign instead of waiting.
select list_id, workspace_id, last_contact_id, scan_list_id, left_after from enrollments
where campaign_id = %(campaign_id)s order by list_id for update skip locked;

-- name: count_all
-- How many rows there are to hold.
select count(*) from enrollments where campaign_id = %(campaign_id)s;

-- name: waiting
-- The next people of a campaign, of whom those who still wait may have left. By targets_in_order.
select max(looked.id), count(*), coalesce(array_agg(looked.contact_id) filter (where looked.state = 'waiting'), '{}') from (
  select t.id, t.contact_id, t.state from targets t
  where t.campaign_id = %(campaign_id)s and t.id > %(after)s order by t.id limit %(limit)s) looked;

-- name: fitting
-- Who of these still fits.
select c.id from contacts c where c.id = any(%(contact_ids)s) and c.list_id = %(list_id)s;

-- name: leave
-- Who waits and fits no more. Who is claimed right now is not waiting any more when we come to hold the row.
with gone as (
  delete from due d using targets t
  where d.target_id = t.id and t.campaign_id = %(campaign_id)s and t.contact_id = any(%(contact_ids)s)
    and t.state = 'waiting'
  returning d.target_id)
update targets t set state = 'finished', disposition = 'cancelled', last_reason = %(reason)s, finished_at = %(now)s
from gone where t.id = gone.target_id and t.state = 'waiting'
returning t.id, t.workspace_id, t.campaign_id, t.contact_id, t.address, t.disposition, t.attempt_count, t.last_reason,
  t.finished_at;

-- name: look_on
-- How far the campaign has looked for those who left (0 begins anew), and when it was followed last.
update enrollments set left_after = %(left_after)s, swept_at = %(now)s where campaign_id = %(campaign_id)s;
