-- People of the console, their sessions and invitations.

-- name: is_new
-- Whether nobody at all has an account: then the first page makes the owner.
select console_is_new();

-- name: session
-- Asked for each request of a browser, so that ending a session works at once everywhere.
select person_id, workspace_id, workspace, name, email, role, disabled_at, created_at, seen_at
from console_session(%(hash)s);

-- name: by_email
-- Whoever signs in has not said which workspace; an address belongs to one person.
select person_id, workspace_id, password_hash, disabled_at from person_of_email(%(email)s);

-- name: count_try
-- In the database, so that several web processes count together.
select key, tries from count_sign_in(%(keys)s, %(now)s, %(since)s);

-- name: forget_tries
-- Whoever has signed in is nobody who guesses.
select forget_sign_in(%(keys)s);

-- name: insert
-- The address is unique over all workspaces: a second person with it is refused here.
insert into people (id, workspace_id, email, name, role, password_hash, created_at)
values (%(id)s, %(workspace_id)s, %(email)s, %(name)s, %(role)s, %(password_hash)s, %(now)s)
on conflict (email) do nothing
returning id;

-- name: every
-- All of a workspace's people, the ones longest here first.
select id, workspace_id, email, name, role, created_at, signed_in_at, disabled_at from people
where workspace_id = %(workspace_id)s order by created_at, id;

-- name: hold_owners
-- Held until the end of the transaction, so that two changes at once cannot remove the last owner.
select id from people
where workspace_id = %(workspace_id)s and role = 'owner' and disabled_at is null order by id for update;

-- name: set_role
-- What a person may do from the next request on.
update people set role = %(role)s where id = %(id)s and workspace_id = %(workspace_id)s returning id;

-- name: set_disabled
-- A person who left keeps their name in the audit log.
update people set disabled_at = %(at)s where id = %(id)s and workspace_id = %(workspace_id)s returning id;

-- name: own_number
-- Where this person's tests go; null when they have not said.
select own_number from people where id = %(id)s and workspace_id = %(workspace_id)s;

-- name: set_own_number
-- Another one, or none.
update people set own_number = %(own_number)s where id = %(id)s and workspace_id = %(workspace_id)s;

-- name: set_password
-- Whoever changes it ends their other sessions with it (`end_sessions_of`).
update people set password_hash = %(password_hash)s where id = %(id)s;

-- name: signed_in
-- For the list of people.
update people set signed_in_at = %(now)s where id = %(id)s;

-- name: start_session
-- Under a fresh hash each time: a cookie from before signing in opens nothing.
insert into console_sessions (hash, workspace_id, person_id, created_at, seen_at, client)
values (%(hash)s, %(workspace_id)s, %(person_id)s, %(now)s, %(now)s, %(client)s);

-- name: saw_session
-- At most once a minute: it only says how long a browser has been idle.
update console_sessions set seen_at = %(now)s where hash = %(hash)s;

-- name: end_session
-- Signing out ends it on the server, not only in the browser.
delete from console_sessions where hash = %(hash)s;

-- name: end_sessions_of
-- All browsers of one person, but the one that is given.
delete from console_sessions where person_id = %(person_id)s and hash is distinct from %(but)s;

-- name: forget_sessions
-- What has been idle too long opens nothing any more.
delete from console_sessions
where workspace_id = %(workspace_id)s and (seen_at < %(idle_since)s or created_at < %(begun_before)s);

-- name: invite
-- Only the hash is stored: a dump of this table invites nobody.
insert into invitations (id, workspace_id, hash, email, role, invited_by, created_at, expires_at)
values (%(id)s, %(workspace_id)s, %(hash)s, %(email)s, %(role)s, %(invited_by)s, %(now)s, %(expires_at)s);

-- name: invitation
-- By the hash of its link, which is its own permission.
select id, workspace_id, workspace, email, role, expires_at, used_at from invitation_of(%(hash)s);

-- name: use_invitation
-- Once: of two who press at once the second finds it used.
update invitations set used_at = %(now)s where id = %(id)s and used_at is null and expires_at > %(now)s
returning id;

-- name: open_invitations
-- Those that can still be used, newest first.
select id, email, role, created_at, expires_at from invitations
where workspace_id = %(workspace_id)s and used_at is null and expires_at > %(now)s
order by created_at desc, id;

-- name: withdraw
-- A link sent to the wrong person opens nothing any more.
delete from invitations where id = %(id)s and workspace_id = %(workspace_id)s and used_at is null returning id;

-- name: withdraw_first
-- Each start prints a new link for the first owner; the older ones end.
delete from invitations where workspace_id = %(workspace_id)s and email is null and used_at is null;
