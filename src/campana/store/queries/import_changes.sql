-- What imports changed, and how it is taken back.

-- name: note
-- The first time is what counts for what was before; the version is that of the last.
insert into import_changes (import_id, contact_id, workspace_id, before, version)
select %(import_id)s, contact_id, %(workspace_id)s, before, version
from unnest(%(contact_ids)s::bigint[], %(befores)s::jsonb[], %(versions)s::integer[])
  as given (contact_id, before, version)
on conflict (import_id, contact_id) do update set version = excluded.version;

-- name: request_undo
-- From any state but undoing; again after an undo that had to keep somebody. Not when what it needs is gone.
update imports set state = 'undoing', undo_step = 'made', undo_after = 0, undone_kept = 0, finished_at = null
where id = %(id)s and workspace_id = %(workspace_id)s and rows_removed_at is null
  and (state in ('queued', 'running', 'done', 'failed') or (state = 'undone' and undone_kept > 0))
returning id;

-- name: take_back
-- The same by the import's own worker, at the first duplicate of a file that must have none.
update imports set state = 'undoing', undo_step = 'made', undo_after = 0, problem = %(problem)s
where id = %(id)s and state = 'running'
returning id;

-- name: advance_undo
-- Compare and set, in the transaction that undoes the stretch.
update imports set undo_step = %(step)s, undo_after = %(after)s, moved_at = %(now)s,
  undone_removed = undone_removed + %(removed)s, undone_restored = undone_restored + %(restored)s,
  undone_kept = undone_kept + %(kept)s
where id = %(id)s and state = 'undoing' and undo_step = %(step_before)s and undo_after = %(after_before)s
returning id;

-- name: finish_undo
-- Nothing is left to undo. A problem that made the import take itself back stays to be read.
update imports set state = 'undone', undo_step = null, finished_at = %(now)s
where id = %(id)s and state = 'undoing'
returning workspace_id;

-- name: made
-- The next people the import made, by contacts_by_list, and what it changed of them itself later.
select c.id, coalesce(j.version, 1) as version from contacts c
left join import_changes j on j.import_id = %(import_id)s and j.contact_id = c.id
where c.list_id = %(list_id)s and c.id > %(after)s and c.made_by = %(import_id)s
order by c.id limit %(limit)s;

-- name: changed
-- The next people the import changed, as they were before, by the primary key.
select contact_id, before, version from import_changes
where import_id = %(import_id)s and contact_id > %(after)s
order by contact_id limit %(limit)s;

-- name: changed_holders
-- Of the people this import changed, those who have one of these addresses or external ids now.
select j.contact_id, j.before, j.version from import_changes j
where j.import_id = %(import_id)s and j.contact_id in (
  select a.contact_id from contact_addresses a
  where a.list_id = %(list_id)s and a.kind = any(%(kinds)s) and a.value = any(%(values)s)
  union
  select c.id from contacts c where c.list_id = %(list_id)s and c.external_id = any(%(external_ids)s));

-- name: forget
-- What is put back, or has nobody left to be put back to.
delete from import_changes where import_id = %(import_id)s and contact_id = any(%(contact_ids)s);

-- name: hold_enrollments
-- Before any contact is held: whoever enrolls this list waits, or a segment that may have some of it, in the order
-- everybody takes these locks.
select e.campaign_id from enrollments e join contact_lists l on l.id = e.list_id
where e.list_id = %(list_id)s or (l.segment is not null
  and l.workspace_id = (select workspace_id from contact_lists where id = %(list_id)s))
order by e.campaign_id, e.list_id for update of e;

-- name: hold_due
-- Before any target is held: a worker that claims one of these has it first, or never. Nobody is waited for:
-- who reports outcomes takes targets in an order of their own, and two who wait for each other would never end.
select d.target_id from due d join targets t on t.id = d.target_id
where t.contact_id = any(%(contact_ids)s) order by d.target_id for update of d nowait;

-- name: hold_targets
-- So that no attempt can be made of them, by whatever way, while we look whether there was one.
select id from targets where contact_id = any(%(contact_ids)s) order by id for update nowait;

-- name: contacted
-- Who of these was tried since, whatever came of it, by targets_of_contact.
select distinct t.contact_id from targets t join attempts a on a.target_id = t.id
where t.contact_id = any(%(contact_ids)s) and a.created_at >= %(since)s;

-- name: withdraw
-- Out of the campaigns that had them waiting or had skipped them; what is due goes by cascade, and each
-- campaign counts fewer people.
with gone as (
  delete from targets where contact_id = any(%(contact_ids)s) returning campaign_id),
counted as (select campaign_id, count(*) as people from gone group by campaign_id)
update enrollments e set enrolled = greatest(0, e.enrolled - counted.people)
from counted where e.campaign_id = counted.campaign_id and e.list_id = (
  -- who came in through a segment is counted there
  select x.list_id from enrollments x where x.campaign_id = counted.campaign_id
  order by x.list_id = %(list_id)s desc, x.enrolled >= counted.people desc, x.list_id limit 1);

-- name: keep
-- Whom the undo leaves as they are.
insert into import_kept (import_id, contact_id, workspace_id, reason)
select %(import_id)s, contact_id, %(workspace_id)s, reason
from unnest(%(contact_ids)s::bigint[], %(reasons)s::text[]) as given (contact_id, reason)
on conflict do nothing;

-- name: forget_kept
-- A new undo finds out anew.
delete from import_kept where import_id = %(import_id)s;

-- name: kept
-- Whom an undo kept, by the primary key; with what they are known by, as far as they are still there.
select k.contact_id, k.reason, c.external_id,
  (select a.value from contact_addresses a where a.contact_id = c.id order by a.position limit 1) as address
from import_kept k left join contacts c on c.id = k.contact_id
where k.workspace_id = %(workspace_id)s and k.import_id = %(import_id)s and k.contact_id > %(after)s
order by k.contact_id limit %(limit)s;
