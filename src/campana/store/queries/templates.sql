-- Templates: drafts that change, and published versions that never do.

-- name: insert
-- A name is one template's.
insert into templates (id, workspace_id, name, channel_type, draft, created_at, updated_at)
values (%(id)s, %(workspace_id)s, %(name)s, %(channel_type)s, %(draft)s, %(now)s, %(now)s)
on conflict (workspace_id, name) do nothing returning id;

-- name: find
-- By id, or by the name a flow or a person calls it by.
select id, workspace_id, name, channel_type, draft, published, provider_status, provider_reason, provider_ref, provider_at, version,
  created_at, updated_at
from templates where workspace_id = %(workspace_id)s and (id = %(wanted)s or name = %(wanted)s)
order by (id = %(wanted)s) desc limit 1;

-- name: lock
-- The same, held: two changes at once do not undo each other.
select id, workspace_id, name, channel_type, draft, published, provider_status, provider_reason, provider_ref, provider_at, version,
  created_at, updated_at
from templates where workspace_id = %(workspace_id)s and id = %(wanted)s for no key update;

-- name: page
-- Newest first, by templates_newest; there are few.
select id, workspace_id, name, channel_type, draft, published, provider_status, provider_reason, provider_ref, provider_at, version,
  created_at, updated_at
from templates where workspace_id = %(workspace_id)s
  and (%(channel_type)s::text is null or channel_type = %(channel_type)s)
order by created_at desc, id desc limit %(limit)s offset %(offset)s;

-- name: count
-- How many match in all.
select count(*) from templates where workspace_id = %(workspace_id)s
  and (%(channel_type)s::text is null or channel_type = %(channel_type)s);

-- name: change
-- The draft and the name; what was published stays. A name that is taken changes nothing.
update templates t set name = %(name)s, draft = %(draft)s, version = t.version + 1, updated_at = %(now)s
where t.id = %(id)s and not exists (
  select from templates o where o.workspace_id = t.workspace_id and o.name = %(name)s and o.id <> t.id)
returning t.version;

-- name: publish
-- The draft as it is, under the next number.
with made as (
  insert into template_versions (template_id, number, workspace_id, content, published_at)
  select id, coalesce(published, 0) + 1, workspace_id, draft, %(now)s from templates where id = %(id)s
  returning template_id, number)
update templates t set published = made.number, version = t.version + 1, updated_at = %(now)s
from made where t.id = made.template_id
returning made.number;

-- name: delete
-- Only one that was never published: nothing can have been sent with it.
delete from templates where id = %(id)s and published is null returning id;

-- name: versions
-- Newest first; immutable.
select number, content, published_at from template_versions where template_id = %(id)s order by number desc;

-- name: version
-- One of them.
select number, content, published_at from template_versions where template_id = %(id)s and number = %(number)s;

-- name: contact
-- The fields a text may read of a contact of this workspace.
select first_name, last_name, language, external_id, attributes from contacts
where id = %(id)s and workspace_id = %(workspace_id)s and list_id is not null;

-- name: lacking
-- Of a list or segment: how many lack each of these fields, and how many lack any; one pass over it.
with people as materialized (
  select c.id, array(select k.field from unnest(%(fields)s::text[]) k(field)
    where coalesce(btrim(case k.field
      when 'first_name' then c.first_name when 'last_name' then c.last_name when 'language' then c.language
      when 'external_id' then c.external_id else c.attributes ->> k.field end), '') = '') as lacks
  from contacts c where c.list_id = %(list_id)s),
lacking as (select id, lacks from people where lacks <> '{}')
select (select count(*) from people), (select count(*) from lacking),
  (select coalesce(json_object_agg(field, n), '{}') from (
    select field, count(*) as n from lacking cross join unnest(lacks) u(field) group by field) f),
  (select coalesce(json_agg(id order by id), '[]') from (select id from lacking order by id limit %(shown)s) e);

-- name: lacking_sampled
-- The same of people at even distances through one large list, by contacts_by_list: so many stretches of its ids, the
-- first few of each. Nobody stands in two stretches.
with ends as (
  select (select id from contacts where list_id = %(list_id)s order by id limit 1) as low,
    (select id from contacts where list_id = %(list_id)s order by id desc limit 1) as high),
people as materialized (
  select c.id, array(select k.field from unnest(%(fields)s::text[]) k(field)
    where coalesce(btrim(case k.field
      when 'first_name' then c.first_name when 'last_name' then c.last_name when 'language' then c.language
      when 'external_id' then c.external_id else c.attributes ->> k.field end), '') = '') as lacks
  from ends cross join generate_series(0, %(stretches)s - 1) g(n)
  cross join lateral (
    select x.id, x.first_name, x.last_name, x.language, x.external_id, x.attributes from contacts x
    where x.list_id = %(list_id)s and x.id >= ends.low + (ends.high - ends.low + 1) * g.n / %(stretches)s
      and x.id < ends.low + (ends.high - ends.low + 1) * (g.n + 1) / %(stretches)s
    order by x.id limit %(each)s) c),
lacking as (select id, lacks from people where lacks <> '{}')
select (select count(*) from people), (select count(*) from lacking),
  (select coalesce(json_object_agg(field, n), '{}') from (
    select field, count(*) as n from lacking cross join unnest(lacks) u(field) group by field) f),
  (select coalesce(json_agg(id order by id), '[]') from (select id from lacking order by id limit %(shown)s) e);

-- name: attributes_in_use
-- What the newest people of the newest lists have beside their names, by contacts_by_list: a few looks a list.
select k.name, count(*) from (
  select l.id from contact_lists l where l.workspace_id = %(workspace_id)s and l.segment is null
  order by l.created_at desc, l.id desc limit %(lists)s) l
cross join lateral (
  select x.attributes from contacts x where x.list_id = l.id order by x.id desc limit %(each)s) c
cross join lateral jsonb_object_keys(c.attributes) k(name)
group by k.name order by count(*) desc, k.name limit %(most)s;

-- name: set_provider
-- What the provider says of templates with that name and language in their newest version or draft.
update templates t set provider_status = %(status)s, provider_reason = %(reason)s, provider_ref = coalesce(%(ref)s, t.provider_ref),
  provider_at = %(now)s
where t.workspace_id = %(workspace_id)s and t.channel_type = 'WhatsApp'
  and t.draft #>> '{provider,name}' = %(provider_name)s and t.draft #>> '{provider,language}' = %(language)s
  and (t.provider_at is null or t.provider_at <= %(now)s)
returning t.id;

-- name: provider_status
-- What was last said of a provider's template of that name and language, in our newest version or draft of it; there are few.
select t.provider_status from templates t
where t.workspace_id = %(workspace_id)s and t.channel_type = 'WhatsApp' and t.provider_status is not null
  and t.draft #>> '{provider,name}' = %(provider_name)s and t.draft #>> '{provider,language}' = %(language)s
order by t.provider_at desc nulls last limit 1;
