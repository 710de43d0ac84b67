-- Contacts of a whole workspace, found by what they are known by. Erased ones are in no list, so in none of these.

-- name: get
-- One contact whole, with the number of its changes.
select c.id, c.list_id, c.external_id, c.first_name, c.last_name, c.language, c.time_zone, c.zones, c.attributes, c.tags,
  (select coalesce(json_agg(json_build_array(a.kind, a.value, a.country, a.number_type, a.zones) order by a.position), '[]')
   from contact_addresses a where a.contact_id = c.id) as addresses, c.created_at, c.updated_at, c.version
from contacts c where c.workspace_id = %(workspace_id)s and c.id = %(id)s and c.list_id is not null;

-- name: whole
-- These contacts, in order of id.
select c.id, c.list_id, c.external_id, c.first_name, c.last_name, c.language, c.time_zone, c.zones, c.attributes, c.tags,
  (select coalesce(json_agg(json_build_array(a.kind, a.value, a.country, a.number_type, a.zones) order by a.position), '[]')
   from contact_addresses a where a.contact_id = c.id) as addresses, c.created_at, c.updated_at, c.version
from contacts c where c.workspace_id = %(workspace_id)s and c.id = any(%(ids)s) and c.list_id is not null order by c.id;

-- name: names
-- What people of these ids are called, by contacts_pkey; erased ones have no name.
select id, concat_ws(' ', first_name, last_name) from contacts
where id = any(%(ids)s) and workspace_id = %(workspace_id)s and (first_name is not null or last_name is not null);

-- name: page
-- No index has all contacts of a workspace in order, and an import would have to keep it: the next of each list by
-- contacts_by_list says which lists come first, and how far the last of them can lie; what is between is read.
with nearest as materialized (
  select l.id as list_id, next.id from contact_lists l
  cross join lateral (
    select x.id from contacts x where x.list_id = l.id and x.id > %(after)s order by x.id limit 1) next
  where l.workspace_id = %(workspace_id)s and (%(list_id)s::text is null or l.id = %(list_id)s)
  order by next.id limit %(limit)s),
furthest as materialized (
  select case when count(*) = %(limit)s then max(id) end as id from nearest)
select c.id from nearest n
cross join lateral (
  select x.id from contacts x
  where x.list_id = n.list_id and x.id >= n.id and x.id <= coalesce((select id from furthest), 9223372036854775807)
  order by x.id limit %(limit)s) c
order by c.id limit %(limit)s;

-- name: by_external_id
-- One probe of contacts_by_external_id for each list.
select c.id from contact_lists l
join contacts c on c.list_id = l.id and c.external_id = %(external_id)s
where l.workspace_id = %(workspace_id)s and (%(list_id)s::text is null or l.id = %(list_id)s) and c.id > %(after)s
  and (%(tag)s::text is null or c.tags @> array[%(tag)s::text])
order by c.id limit %(limit)s;

-- name: by_address
-- One probe of contact_addresses_by_value for each list and kind.
select distinct a.contact_id from contact_lists l
cross join (values ('phone'), ('whatsapp'), ('email')) k (kind)
join contact_addresses a on a.list_id = l.id and a.kind = k.kind and a.value = %(address)s
where l.workspace_id = %(workspace_id)s and (%(list_id)s::text is null or l.id = %(list_id)s) and a.contact_id > %(after)s
  and exists (select from contacts c where c.id = a.contact_id
    and (%(external_id)s::text is null or c.external_id = %(external_id)s)
    and (%(tag)s::text is null or c.tags @> array[%(tag)s::text]))
order by a.contact_id limit %(limit)s;

-- name: by_tag
-- By the index that holds only those with tags, which a policy would keep from being used (migration 0032).
select id from contacts_tagged(%(workspace_id)s, %(tag)s, %(list_id)s, %(after)s, %(limit)s) found (id) order by id;
