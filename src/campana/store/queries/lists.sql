-- Contact lists, with how many people each holds.

-- name: insert
-- The unique name decides which of two equal requests made the list.
insert into contact_lists (id, workspace_id, name, default_country, segment, created_at)
values (%(id)s, %(workspace_id)s, %(name)s, %(default_country)s, %(segment)s, %(now)s)
on conflict (workspace_id, name) do nothing
returning id;

-- name: get
-- The count is kept by the triggers of contacts, in the transaction that changes it: true at the moment of asking.
select id, name, default_country, mapping, types, segment, created_at,
  case when segment is null then coalesce((select k.people from contact_counts k where k.list_id = l.id), 0) end as contact_count
from contact_lists l where workspace_id = %(workspace_id)s and id = %(id)s;

-- name: find
-- People name lists, programs hold ids; a name that looks like another list's id loses to the id.
select id, name, default_country, mapping, types, segment, created_at,
  case when segment is null then coalesce((select k.people from contact_counts k where k.list_id = l.id), 0) end as contact_count
from contact_lists l where workspace_id = %(workspace_id)s and (id = %(wanted)s or name = %(wanted)s)
order by id = %(wanted)s desc limit 1;

-- name: page
-- Newest first by contact_lists_newest; all, or those of test calls that are archived, or the others. Archived ones are
-- few and looked up once.
select id, name, default_country, mapping, types, segment, created_at,
  case when segment is null then coalesce((select k.people from contact_counts k where k.list_id = l.id), 0) end as contact_count
from contact_lists l where workspace_id = %(workspace_id)s
  and (%(archived)s::boolean is null or %(archived)s = ((l.id in (
    select c.list_id from channel_tests x join campaigns c on c.id = x.campaign_id
    where x.workspace_id = %(workspace_id)s and c.archived)) is true))
order by created_at desc, id desc limit %(limit)s offset %(offset)s;

-- name: count
-- How many lists there are in all, for the page's totalCount.
select count(*) from contact_lists l where workspace_id = %(workspace_id)s
  and (%(archived)s::boolean is null or %(archived)s = ((l.id in (
    select c.list_id from channel_tests x join campaigns c on c.id = x.campaign_id
    where x.workspace_id = %(workspace_id)s and c.archived)) is true));

-- name: update
-- A name that is taken raises a unique violation; the caller turns it into a conflict.
update contact_lists set name = %(name)s, default_country = %(default_country)s, segment = %(segment)s
where workspace_id = %(workspace_id)s and id = %(id)s
returning id;

-- name: delete
-- Takes contacts, addresses and imports with it; campaigns and targets refuse to let go (restrict).
delete from contact_lists where workspace_id = %(workspace_id)s and id = %(id)s
returning id;

-- name: lock
-- Whoever writes contacts of a list holds its row first: writers follow one another, so none meets a
-- duplicate it has not seen and none waits in a circle; a deletion waits for them, or they find no list.
-- "no key" lets campaigns refer to the list meanwhile.
select id, segment is not null from contact_lists where id = %(id)s for no key update;

-- name: is_empty
-- Nobody is there at the moment of asking; whoever relies on it is held by the unique indexes.
select not exists (select from contacts where list_id = %(id)s);

-- name: remember
-- What a person told an import of the list's files, for the next one.
update contact_lists set mapping = %(mapping)s, types = %(types)s where id = %(id)s;

-- name: country
-- Where numbers written without a country code lie: the list's country, else the workspace's.
select coalesce(l.default_country, w.default_country) from workspaces w
left join contact_lists l on l.workspace_id = w.workspace_id and l.id = %(id)s::text
where w.workspace_id = %(workspace_id)s;

-- name: holding
-- Every list of the workspace that has people of its own, in the order a segment walks through them.
select id from contact_lists where workspace_id = %(workspace_id)s and segment is null order by id;

-- name: ids_of
-- Lists by id or name; a name that looks like another list's id loses to the id.
select wanted, (select l.id from contact_lists l where l.workspace_id = %(workspace_id)s and l.segment is null
  and (l.id = wanted or l.name = wanted) order by l.id = wanted desc limit 1)
from unnest(%(wanted)s::text[]) as given (wanted);

-- name: segment
-- The question alone, without counting anybody: asked with each stretch of an enrollment.
select segment -> 'where', segment -> 'lists' from contact_lists where id = %(id)s and segment is not null;
