-- What leaves as a file, a page at a time in order of id: no snapshot is held while somebody downloads slowly.

-- name: columns
-- Which columns people need: the most addresses of a kind one of them has, and the attributes with what their values
-- are. One pass before the first row; a text that a cell would not give back as it is counts as no text.
with people as materialized (select c.id, c.attributes from contacts c where c.workspace_id = %(workspace_id)s and c.list_id = %(list_id)s)
select 'address', counted.kind, max(counted.addresses), null::boolean, null::boolean from (
  select a.kind, count(*) as addresses from people join contact_addresses a on a.contact_id = people.id
  group by people.id, a.kind) counted group by counted.kind
union all
select 'attribute', e.key, count(*), bool_and(jsonb_typeof(e.value) = 'number'),
  bool_and(jsonb_typeof(e.value) = 'string' and e.value #>> '{}' ~ '^[^[:space:]]' and e.value #>> '{}' ~ '[^[:space:]]$'
    and e.value #>> '{}' !~ '[\r\n]')
from people cross join jsonb_each(people.attributes) e group by e.key;

-- name: targets
-- The next people of a campaign with their names, by targets_in_order.
select t.id, t.contact_id, c.external_id, c.first_name, c.last_name, t.address, t.state, t.disposition, t.attempt_count,
  t.last_reason, d.due_at, t.created_at, t.finished_at
from targets t join contacts c on c.id = t.contact_id left join due d on d.target_id = t.id
where t.workspace_id = %(workspace_id)s and t.campaign_id = %(campaign_id)s and t.id > %(after)s
order by t.id limit %(limit)s;

-- name: attempts
-- What was tried with the next people of a campaign, in their order: a page has all attempts of each of them.
with people as materialized (
  select t.id, t.contact_id from targets t
  where t.workspace_id = %(workspace_id)s and t.campaign_id = %(campaign_id)s and t.id > %(after)s order by t.id limit %(limit)s)
select people.id, people.contact_id, c.external_id, a.id, a.attempt_no, a.channel_id, h.channel_type, a.address, a.state,
  a.disposition, a.reason, a.created_at, a.sending_at, a.answered_at, a.ended_at, v.talk_seconds, a.direction
from people join contacts c on c.id = people.contact_id
left join attempts a on a.target_id = people.id
left join channels h on h.id = a.channel_id
left join voice_calls v on v.attempt_id = a.id
order by people.id, a.attempt_no;
