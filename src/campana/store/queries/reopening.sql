-- What a person brings back: finished targets of chosen outcomes, and more people for a launched campaign.

-- name: reopen
-- Due at once, under the zones the contact has now, or those of the number it is tried on. The tries before count no more for the cadence; the numbers
-- of the attempts go on. Locked in order of id: two people who retry at once wait for each other.
with picked as materialized (
  select id, disposition from targets
  where campaign_id = %(campaign_id)s and state = 'finished' and disposition = any(%(outcomes)s)
  order by id for update),
again as (
  update targets t set state = 'waiting', disposition = null, finished_at = null, last_reason = 'retry', reach_address = null,
    tries_after = t.attempt_count
  from picked where t.id = picked.id
  returning t.id, t.workspace_id, t.campaign_id, t.contact_id, t.zones, picked.disposition),
waiting as (
  insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)
  select again.id, again.workspace_id, again.campaign_id,
    array_to_string(array(select z from unnest(coalesce(again.zones, c.zones)) z order by z collate "C"), ','), 1, %(now)s
  from again join contacts c on c.id = again.contact_id)
select disposition, count(*) from again group by disposition;

-- name: add_list
-- A list that is new to the campaign is enrolled from its beginning; one that was enrolled goes on after the
-- last contact that was, so that people who came into it since are found. A segment is walked through anew.
insert into enrollments (campaign_id, list_id, workspace_id, started_at)
values (%(campaign_id)s, %(list_id)s, %(workspace_id)s, %(now)s)
on conflict (campaign_id, list_id) do update set finished_at = null, scan_list_id = null,
  last_contact_id = case when exists (select from contact_lists l where l.id = %(list_id)s and l.segment is not null)
    then 0 else enrollments.last_contact_id end;
