-- Contacts and their addresses, written many at a time.

-- name: plan_for_many
-- A plan kept from when a table was empty reads all of it once it is not; those who write a chunk of people ask by
-- index alone, until their transaction ends.
set local enable_seqscan = off;

-- name: reserve
-- Ids for so many new contacts, as the text of an array. Known before the contacts are written, they go with the
-- addresses too, and nobody waits for thousands of rows to come back.
select array_agg(nextval('contacts_id_seq'::regclass))::text from generate_series(1, %(count)s::integer);

-- name: insert
-- Those without an id are left out. A text of JSON for all of them takes half as long again to read as an array a
-- column; unnested in the list of what is selected, the arrays are not written down as a table first.
insert into contacts (id, workspace_id, list_id, external_id, first_name, last_name, language, time_zone, zones,
  attributes, tags, made_by, created_at, updated_at) overriding system value
select id, %(workspace_id)s, %(list_id)s, external_id, first_name, last_name, language, time_zone,
  string_to_array(zones, ','), attributes, coalesce(string_to_array(tags, ','), '{}'), %(made_by)s, %(now)s, %(now)s
from (select unnest(%(ids)s::bigint[]) as id, unnest(%(external_ids)s::text[]) as external_id,
    unnest(%(first_names)s::text[]) as first_name, unnest(%(last_names)s::text[]) as last_name,
    unnest(%(languages)s::text[]) as language, unnest(%(time_zones)s::text[]) as time_zone,
    unnest(%(zones)s::text[]) as zones, unnest(%(attributes)s::jsonb[]) as attributes,
    unnest(%(tags)s::text[]) as tags) as given
where id is not null;

-- name: update
-- Each contact becomes what is given, whole; the trigger counts its version on.
update contacts c set external_id = given.external_id, first_name = given.first_name, last_name = given.last_name,
  language = given.language, time_zone = given.time_zone, zones = string_to_array(given.zones, ','),
  attributes = given.attributes, tags = coalesce(string_to_array(given.tags, ','), '{}'), updated_at = %(now)s
from unnest(%(ids)s::bigint[], %(external_ids)s::text[], %(first_names)s::text[], %(last_names)s::text[],
  %(languages)s::text[], %(time_zones)s::text[], %(zones)s::text[], %(attributes)s::jsonb[],
  %(tags)s::text[])
  as given (id, external_id, first_name, last_name, language, time_zone, zones, attributes, tags)
where c.id = given.id and c.list_id = %(list_id)s
returning c.id, c.version;

-- name: free_external_ids
-- Before others take them in the same breath: the unique index is asked row by row.
update contacts set external_id = null where list_id = %(list_id)s and id = any(%(ids)s)
  and external_id is not null;

-- name: restore
-- Back to what each was, its version and its time included.
update contacts c set external_id = given.external_id, first_name = given.first_name, last_name = given.last_name,
  language = given.language, time_zone = given.time_zone, zones = string_to_array(given.zones, ','),
  attributes = given.attributes, tags = coalesce(string_to_array(given.tags, ','), '{}'), updated_at = given.updated_at, version = given.version
from unnest(%(ids)s::bigint[], %(external_ids)s::text[], %(first_names)s::text[], %(last_names)s::text[],
  %(languages)s::text[], %(time_zones)s::text[], %(zones)s::text[], %(attributes)s::jsonb[],
  %(tags)s::text[], %(updated_ats)s::timestamptz[], %(versions)s::integer[])
  as given (id, external_id, first_name, last_name, language, time_zone, zones, attributes, tags, updated_at, version)
where c.id = given.id and c.list_id = %(list_id)s;

-- name: delete
-- Addresses go by cascade; a target refuses to let go (restrict).
delete from contacts where list_id = %(list_id)s and id = any(%(ids)s);

-- name: drop_addresses
-- Before new ones go in: an address one contact gives up may be another's in the same breath.
delete from contact_addresses where contact_id = any(%(ids)s);

-- name: insert_addresses
-- In their order, as the caller counted them; those of nobody are left out. Where each contact has one, or all are
-- of one kind, no column says so.
insert into contact_addresses (contact_id, position, workspace_id, list_id, kind, value, country, number_type, zones)
select contact_id, coalesce(position, 0), %(workspace_id)s, %(list_id)s, coalesce(kind, %(kind)s), value, country,
  number_type, string_to_array(zones, ',')
from (select unnest(%(contact_ids)s::bigint[]) as contact_id, unnest(%(positions)s::smallint[]) as position,
    unnest(%(kinds)s::text[]) as kind, unnest(%(values)s::text[]) as value,
    unnest(%(countries)s::text[]) as country, unnest(%(types)s::text[]) as number_type,
    unnest(%(zones)s::text[]) as zones) as given
where contact_id is not null;
