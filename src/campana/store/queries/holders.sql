-- Whom a list has under some external ids and addresses.

-- name: find
-- Whoever in the list has one of these ids or addresses, whole. The caller holds the list (lists.lock), so the
-- answer stays true until it commits. One look for each id, one scan for the values, then one look a contact. The
-- limits keep the planner from reading the whole list, whose size it does not know while it grows.
with met as (
  select c.id from unnest(%(external_ids)s::text[]) as wanted (external_id) cross join lateral (
    select id from contacts x where x.list_id = %(list_id)s and x.external_id = wanted.external_id limit 1) c
  union
  select a.contact_id from contact_addresses a
  where a.list_id = %(list_id)s and a.kind = any(%(kinds)s) and a.value = any(%(values)s::text[]))
select c.id, c.version, c.external_id, c.first_name, c.last_name, c.language, c.time_zone, c.zones, c.attributes, c.tags,
  (select coalesce(json_agg(json_build_array(a.kind, a.value, a.country, a.number_type, a.zones) order by a.position), '[]')
   from contact_addresses a where a.contact_id = c.id) as addresses, c.updated_at
from met cross join lateral (select * from contacts x where x.id = met.id limit 1) c;

-- name: taken
-- What of these ids and addresses the list has, for those who need to know no more: the people themselves lie anywhere
-- in a large list, and to read each of them takes longer than to find them.
select c.external_id, null as kind, null as value
from unnest(%(external_ids)s::text[]) as wanted (external_id) cross join lateral (
  select external_id from contacts x where x.list_id = %(list_id)s and x.external_id = wanted.external_id limit 1) c
union all
select null, a.kind, a.value from contact_addresses a
where a.list_id = %(list_id)s and a.kind = any(%(kinds)s) and a.value = any(%(values)s::text[]);

-- name: held
-- These contacts whole, held until the transaction ends, in id order so that two holders never wait in a circle.
select c.id, c.version, c.external_id, c.first_name, c.last_name, c.language, c.time_zone, c.zones, c.attributes, c.tags,
  (select coalesce(json_agg(json_build_array(a.kind, a.value, a.country, a.number_type, a.zones) order by a.position), '[]')
   from contact_addresses a where a.contact_id = c.id) as addresses, c.updated_at
from contacts c where c.list_id = %(list_id)s and c.id = any(%(ids)s) order by c.id for update of c;
