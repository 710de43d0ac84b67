-- Contacts and their addresses, written many at a time.

-- name: holders
-- Whoever in the list has one of these ids or numbers. The caller holds the list (lists.lock), so the
-- answer stays true until it commits. Two index scans, each by equality.
select c.id, c.external_id, a.value as phone from contacts c
left join contact_addresses a on a.contact_id = c.id and a.position = 0
where c.list_id = %(list_id)s and c.external_id = any(%(external_ids)s)
union
select c.id, c.external_id, a.value from contact_addresses a join contacts c on c.id = a.contact_id
where a.list_id = %(list_id)s and a.kind = 'phone' and a.value = any(%(phones)s);

-- name: insert
-- The sorted source makes the identity column count in the order given, so that sorted ids pair off with
-- the contacts again whatever order RETURNING has.
insert into contacts (workspace_id, list_id, external_id, first_name, last_name, language, time_zone, zones, attributes,
  created_at, updated_at)
select %(workspace_id)s, %(list_id)s, external_id, first_name, last_name, language, time_zone,
  string_to_array(zones, ','), attributes, %(now)s, %(now)s
from unnest(%(external_ids)s::text[], %(first_names)s::text[], %(last_names)s::text[], %(languages)s::text[],
  %(time_zones)s::text[], %(zones)s::text[], %(attributes)s::jsonb[])
  with ordinality as given (external_id, first_name, last_name, language, time_zone, zones, attributes, place)
order by place
returning id;

-- name: update
-- A value given replaces the one stored; an empty one leaves it. A zone of one's own outlives a new number.
update contacts c set
  external_id = coalesce(c.external_id, given.external_id),
  first_name = coalesce(given.first_name, c.first_name),
  last_name = coalesce(given.last_name, c.last_name),
  language = coalesce(given.language, c.language),
  time_zone = coalesce(given.time_zone, c.time_zone),
  zones = case when given.time_zone is null and c.time_zone is not null then c.zones
    else string_to_array(given.zones, ',') end,
  attributes = c.attributes || given.attributes,
  updated_at = %(now)s
from unnest(%(ids)s::bigint[], %(external_ids)s::text[], %(first_names)s::text[], %(last_names)s::text[],
  %(languages)s::text[], %(time_zones)s::text[], %(zones)s::text[], %(attributes)s::jsonb[])
  as given (id, external_id, first_name, last_name, language, time_zone, zones, attributes)
where c.id = given.id and c.list_id = %(list_id)s;

-- name: drop_numbers
-- Before new numbers go in: a number one contact gives up may be another's in the same breath.
delete from contact_addresses where contact_id = any(%(ids)s) and position = 0;

-- name: insert_numbers
-- The one number an imported contact has, as its first address.
insert into contact_addresses (contact_id, position, workspace_id, list_id, kind, value, country)
select id, 0, %(workspace_id)s, %(list_id)s, 'phone', value, country
from unnest(%(ids)s::bigint[], %(phones)s::text[], %(countries)s::text[]) as given (id, value, country);

-- name: page
-- In the order they came in, by contacts_by_list: a cursor costs the same on the last page as on the first.
select c.id, c.list_id, c.external_id, c.first_name, c.last_name, a.value as phone, a.country, c.language, c.time_zone,
  c.zones, c.attributes, c.created_at, c.updated_at
from contacts c left join contact_addresses a on a.contact_id = c.id and a.position = 0
where c.workspace_id = %(workspace_id)s and c.list_id = %(list_id)s and c.id > %(after)s
order by c.id limit %(limit)s;
