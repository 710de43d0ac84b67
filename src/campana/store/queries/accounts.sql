-- Workspaces, API keys and remembered answers.

-- name: workspace_by_name
-- The id and defaults of a workspace a person names on the command line.
select workspace_id, name, default_country, allowed_countries from workspaces where name = %(name)s;

-- name: workspace
-- One workspace by id: its country cascade's last resort and its allow list.
select workspace_id, name, default_country, allowed_countries from workspaces where workspace_id = %(workspace_id)s;

-- name: create_workspace
-- Idempotent by name, so that two processes may start at once.
insert into workspaces (name, default_country, allowed_countries, created_at)
values (%(name)s, %(default_country)s, %(allowed_countries)s, %(now)s)
on conflict (name) do nothing
returning workspace_id;

-- name: lock_workspace
-- Whoever compares what holds for the workspace before writing it waits for whoever does so now. Rows that belong to it
-- are written all the while.
select from workspaces where workspace_id = %(workspace_id)s for no key update;

-- name: set_countries
-- The allow list is replaced whole: what is not named may not be called.
update workspaces set allowed_countries = %(allowed_countries)s, default_country = %(default_country)s
where workspace_id = %(workspace_id)s;

-- name: authenticate
-- Every request asks the database, so that a revoked key ends in every process at once.
select key_id, workspace_id, scopes, expires_at, revoked_at, last_used_at, revision from authenticate(%(hash)s);

-- name: authenticate_all
-- The same for all the keys that hold a stream open, in one question.
select given.hash, a.key_id, a.workspace_id, a.scopes, a.expires_at, a.revoked_at, a.last_used_at, a.revision
from unnest(%(hashes)s::bytea[]) as given (hash) cross join lateral authenticate(given.hash) a;

-- name: create_key
-- Only the hash is stored: a dump of this table opens nothing.
insert into api_keys (id, workspace_id, name, hash, scopes, created_at, expires_at)
values (%(id)s, %(workspace_id)s, %(name)s, %(hash)s, %(scopes)s, %(now)s, %(expires_at)s);

-- name: list_keys
-- Newest first; revoked ones stay listed.
select id, name, scopes, created_at, expires_at, revoked_at, last_used_at from api_keys
where workspace_id = %(workspace_id)s order by created_at desc, id;

-- name: revoke_key
-- Revoking twice keeps the first time.
update api_keys set revoked_at = coalesce(revoked_at, %(now)s)
where workspace_id = %(workspace_id)s and id = %(id)s
returning id;

-- name: note_used
-- By one of those who use it at this moment: nobody waits to write the same.
update api_keys set last_used_at = %(now)s where id in (
  select id from api_keys where workspace_id = %(workspace_id)s and id = %(id)s for no key update skip locked);

-- name: remember_request
-- The primary key decides which of two equal requests is answered and which one waits or is refused.
insert into idempotency_keys (workspace_id, route, key, body_hash, created_at)
values (%(workspace_id)s, %(route)s, %(key)s, %(body_hash)s, %(now)s)
on conflict do nothing
returning key;

-- name: remembered_request
-- What the first request under this key was, and its answer if it has one.
select body_hash, status, headers, body from idempotency_keys
where workspace_id = %(workspace_id)s and route = %(route)s and key = %(key)s;

-- name: remember_answer
-- Stored after the work's own commit: a crash in between leaves the key taken, never the work done twice.
update idempotency_keys set status = %(status)s, headers = %(headers)s, body = %(body)s
where workspace_id = %(workspace_id)s and route = %(route)s and key = %(key)s;

-- name: forget_request
-- Our own failures may be tried again under the same key.
delete from idempotency_keys where workspace_id = %(workspace_id)s and route = %(route)s and key = %(key)s;

-- name: forget_old_requests
-- Keys live a day.
delete from idempotency_keys where created_at < %(before)s;
