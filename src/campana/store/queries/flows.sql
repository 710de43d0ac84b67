-- Flows: a draft that changes, and published versions that never do.

-- name: insert
-- Nothing when the name is taken.
insert into flows (id, workspace_id, name, draft, created_at, updated_at)
values (%(id)s, %(workspace_id)s, %(name)s, %(draft)s, %(now)s, %(now)s)
on conflict (workspace_id, name) do nothing
returning id;

-- name: find
-- By id, or else by name.
select id, workspace_id, name, draft, revision, published, created_at, updated_at from flows
where workspace_id = %(workspace_id)s and (id = %(wanted)s or name = %(wanted)s)
order by id = %(wanted)s desc limit 1;

-- name: lock
-- The same, held: of two who publish at once the second makes the next version, or finds nothing new.
select id, workspace_id, name, draft, revision, published, created_at, updated_at from flows
where workspace_id = %(workspace_id)s and (id = %(wanted)s or name = %(wanted)s)
order by id = %(wanted)s desc limit 1 for update;

-- name: list
-- All of the workspace, by name; a workspace has few.
select id, workspace_id, name, draft, revision, published, created_at, updated_at from flows
where workspace_id = %(workspace_id)s order by name, id;

-- name: update
-- The draft as it is now; nothing when the name is another's.
update flows set name = %(name)s, draft = %(draft)s, revision = revision + 1, updated_at = %(now)s
where id = %(id)s and not exists (
  select from flows o where o.workspace_id = flows.workspace_id and o.name = %(name)s and o.id <> flows.id)
returning revision;

-- name: delete
-- Only what was never published: a campaign may have pinned a version.
delete from flows where id = %(id)s and published is null returning id;

-- name: add_version
-- Its number is one more than the last.
with added as (
  insert into flow_versions (flow_id, number, workspace_id, hash, definition, created_at)
  values (%(id)s, %(number)s, %(workspace_id)s, %(hash)s, %(definition)s, %(now)s))
update flows set published = %(number)s, revision = revision + 1, updated_at = %(now)s where id = %(id)s;

-- name: versions
-- Latest first, without the definitions.
select number, hash, created_at from flow_versions
where workspace_id = %(workspace_id)s and flow_id = %(id)s order by number desc;

-- name: version
-- One version with its definition (any workspace for the engine).
select number, hash, created_at, definition from flow_versions where flow_id = %(id)s and number = %(number)s;

-- name: version_hash
-- What a version is called by its content: whoever has that compiled needs no more.
select hash from flow_versions where flow_id = %(flow_id)s and number = %(number)s;

-- name: missing
-- How many people of a list or segment lack each of these fields: the list's own columns, or those every contact has.
select f.name, count(*) filter (where coalesce(case f.name
    when 'first_name' then c.first_name when 'last_name' then c.last_name when 'language' then c.language
    when 'external_id' then c.external_id when 'time_zone' then coalesce(c.time_zone, c.zones[1])
    when 'phone' then (select a.value from contact_addresses a where a.contact_id = c.id and a.kind = 'phone' limit 1)
    else c.attributes ->> f.name end, '') = ''), count(*)
from contacts c cross join unnest(%(fields)s::text[]) f (name)
where c.list_id = %(list_id)s group by f.name order by f.name;

-- name: credential_insert
-- Sealed; nothing when the name is taken.
insert into flow_credentials (id, workspace_id, name, kind, sealed, created_at)
values (%(id)s, %(workspace_id)s, %(name)s, %(kind)s, %(sealed)s, %(now)s)
on conflict (workspace_id, name) do nothing
returning id;

-- name: credentials
-- By name, without what is sealed.
select id, name, kind, created_at from flow_credentials where workspace_id = %(workspace_id)s order by name;

-- name: credential
-- For the one request that shows it.
select kind, sealed from flow_credentials where workspace_id = %(workspace_id)s and name = %(name)s;

-- name: credential_delete
-- Requests that name it fail from now on.
delete from flow_credentials where workspace_id = %(workspace_id)s and id = %(id)s returning id;
