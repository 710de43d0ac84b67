-- People of a list, or who fit a segment: store/segments.py puts that in the place of `c.list_id = ...`.

-- name: page
-- In the order they came in, by contacts_by_list: a cursor costs the same on the last page as on the first.
select c.id, c.list_id, c.external_id, c.first_name, c.last_name, c.language, c.time_zone, c.zones, c.attributes, c.tags,
  (select coalesce(json_agg(json_build_array(a.kind, a.value, a.country, a.number_type, a.zones) order by a.position), '[]')
   from contact_addresses a where a.contact_id = c.id) as addresses, c.created_at, c.updated_at
from contacts c
where c.workspace_id = %(workspace_id)s and c.list_id = %(list_id)s and c.id > %(after)s
order by c.id limit %(limit)s;

-- name: count
-- Everybody, counted.
select count(*) from contacts c where c.workspace_id = %(workspace_id)s and c.list_id = %(list_id)s;
