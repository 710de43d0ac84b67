-- The people of a dry run: what the list would hold by now.

-- name: find
-- Whom the run knows by one of these keys, or as one of these contacts of the list; by the primary keys.
select person_id, contact from trial_people
where import_id = %(import_id)s and (person_id = any(%(ids)s) or person_id in (
  select k.person_id from trial_keys k where k.import_id = %(import_id)s and k.key = any(%(keys)s)));

-- name: lowest
-- Those the run made count downwards from zero.
select coalesce(min(person_id), 0) from trial_people where import_id = %(import_id)s and person_id < 0;

-- name: drop_keys
-- What the changed were found by; some of it may be another's in the same breath.
delete from trial_keys where import_id = %(import_id)s and person_id = any(%(ids)s);

-- name: put
-- New or changed, whole.
insert into trial_people (import_id, person_id, workspace_id, contact)
select %(import_id)s, person_id, %(workspace_id)s, contact
from unnest(%(ids)s::bigint[], %(contacts)s::jsonb[]) as given (person_id, contact)
on conflict (import_id, person_id) do update set contact = excluded.contact;

-- name: put_keys
-- A key is of one person: the plan has seen to it.
insert into trial_keys (import_id, key, person_id, workspace_id)
select %(import_id)s, key, person_id, %(workspace_id)s
from unnest(%(keys)s::text[], %(ids)s::bigint[]) as given (key, person_id);

-- name: forget_people
-- The dry run is over.
delete from trial_people where import_id = %(import_id)s;

-- name: forget_keys
-- The dry run is over.
delete from trial_keys where import_id = %(import_id)s;
