-- Tags of contacts; the caller holds the list.

-- name: change
-- Each person found by id or external id, and what became of them. Who would have more than they may stays as they are;
-- a change counts as one (contacts_versioned), so that an undo of an import leaves alone what was changed since.
with given as (
  select place, contact_id, external_id
  from unnest(%(contact_ids)s::bigint[], %(external_ids)s::text[]) with ordinality as g (contact_id, external_id, place)),
met as materialized (
  select given.place, c.id, c.tags, array(
      select t from (select unnest(c.tags) union select unnest(%(add)s::text[])) all_tags (t)
      where t <> all(%(remove)s::text[]) order by t collate "C") as after
  from given cross join lateral (
    select x.id, x.tags from contacts x where given.contact_id is not null and x.id = given.contact_id and x.list_id = %(list_id)s
    union all
    select x.id, x.tags from contacts x
    where given.contact_id is null and x.list_id = %(list_id)s and x.external_id = given.external_id) c),
changed as (
  update contacts c set tags = wanted.after, updated_at = %(now)s
  from (select distinct on (id) id, after from met
    where tags <> after and cardinality(after) <= %(most)s order by id) wanted
  where c.id = wanted.id)
select given.place - 1, met.id, case when met.id is null then 'not_found' when met.tags = met.after then 'unchanged'
  when cardinality(met.after) > %(most)s then 'too_many' else 'changed' end
from given left join met on met.place = given.place order by given.place;
