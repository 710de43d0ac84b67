-- VoiceBots: a draft that changes, and published versions that never do.

-- name: insert
-- Nothing when the name is taken.
insert into voicebots (id, workspace_id, name, draft, text, created_at, updated_at)
values (%(id)s, %(workspace_id)s, %(name)s, %(draft)s, %(text)s, %(now)s, %(now)s)
on conflict (workspace_id, name) do nothing
returning id;

-- name: find
-- By id, or else by name.
select id, workspace_id, name, draft, text, revision, published, created_at, updated_at from voicebots
where workspace_id = %(workspace_id)s and (id = %(wanted)s or name = %(wanted)s)
order by id = %(wanted)s desc limit 1;

-- name: lock
-- The same, held: of two who publish at once the second makes the next version, or finds nothing new.
select id, workspace_id, name, draft, text, revision, published, created_at, updated_at from voicebots
where workspace_id = %(workspace_id)s and (id = %(wanted)s or name = %(wanted)s)
order by id = %(wanted)s desc limit 1 for update;

-- name: list
-- All of the workspace, by name; a workspace has few.
select id, workspace_id, name, draft, text, revision, published, created_at, updated_at from voicebots
where workspace_id = %(workspace_id)s order by name, id;

-- name: update
-- The draft as it is now; nothing when the name is another's.
update voicebots set name = %(name)s, draft = %(draft)s, text = %(text)s, revision = revision + 1,
  updated_at = %(now)s
where id = %(id)s and not exists (
  select from voicebots o
  where o.workspace_id = voicebots.workspace_id and o.name = %(name)s and o.id <> voicebots.id)
returning revision;

-- name: delete
-- Only what was never published: a campaign may have pinned a version.
delete from voicebots where id = %(id)s and published is null returning id;

-- name: add_version
-- Its number is one more than the last.
with added as (
  insert into voicebot_versions (bot_id, number, workspace_id, hash, definition, text, created_at)
  values (%(id)s, %(number)s, %(workspace_id)s, %(hash)s, %(definition)s, %(text)s, %(now)s))
update voicebots set published = %(number)s, revision = revision + 1, updated_at = %(now)s where id = %(id)s;

-- name: versions
-- Latest first, without the definitions.
select number, hash, created_at from voicebot_versions
where workspace_id = %(workspace_id)s and bot_id = %(id)s order by number desc;

-- name: version
-- One version with its definition.
select number, hash, created_at, definition, text from voicebot_versions
where bot_id = %(id)s and number = %(number)s;
