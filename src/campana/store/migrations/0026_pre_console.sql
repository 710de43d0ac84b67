-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Who may use the console of a workspace. A person belongs to one; an e-mail address to one person.
create table people (
  id text primary key,
  workspace_id bigint not null references workspaces,
  email text not null unique check (email = lower(email) and length(email) between 3 and 254),
  name text not null check (length(name) between 1 and 100),
  role text not null check (role in ('owner', 'operator', 'analyst', 'developer')),
  -- argon2id with its parameters: they may be raised later, one sign-in at a time
  password_hash text not null,
  created_at timestamptz not null,
  signed_in_at timestamptz,
  disabled_at timestamptz
);
create index people_by_workspace on people (workspace_id, created_at);
select protect('people', 'select, insert, update', 'select, insert, update');

-- A browser that is signed in, by the SHA-256 of what its cookie holds.
create table console_sessions (
  hash bytea primary key check (length(hash) = 32),
  workspace_id bigint not null references workspaces,
  person_id text not null references people on delete cascade,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  client text
);
create index console_sessions_by_person on console_sessions (person_id);
create index console_sessions_by_age on console_sessions (workspace_id, seen_at);
select protect('console_sessions', 'select, insert, update, delete', 'select, delete');

-- A link that makes one person, once. The first of a workspace has no e-mail: `serve` prints it.
create table invitations (
  id text primary key,
  workspace_id bigint not null references workspaces,
  hash bytea not null unique check (length(hash) = 32),
  email text check (email = lower(email)),
  role text not null check (role in ('owner', 'operator', 'analyst', 'developer')),
  invited_by text references people,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index invitations_by_workspace on invitations (workspace_id, created_at);
select protect('invitations', 'select, insert, update, delete', 'select, insert, delete');

-- Tries to sign in, by a hash of whose and from where; they are counted in all processes at once.
create table sign_in_tries (
  id bigint generated always as identity primary key,
  workspace_id bigint not null references workspaces,
  key bytea not null check (length(key) = 32),
  at timestamptz not null
);
create index sign_in_tries_by_key on sign_in_tries (key, at);
create index sign_in_tries_by_age on sign_in_tries (at);
select protect('sign_in_tries', '', 'select, delete');

-- Append-only: no role may change or remove what was done, and by whom.
create table audit_entries (
  id bigint generated always as identity primary key,
  workspace_id bigint not null references workspaces,
  at timestamptz not null,
  person_id text references people,
  actor text not null check (length(actor) between 1 and 300),
  action text not null check (length(action) between 1 and 100),
  subject text not null default '' check (length(subject) <= 300),
  -- asked is written before anything is done; refused says why nothing was
  result text not null check (result in ('asked', 'refused')),
  detail jsonb not null default '{}',
  client text,
  request_id text not null
);
create index audit_entries_newest on audit_entries (workspace_id, id desc);
select protect('audit_entries', 'select, insert', 'select, insert');

-- What must be asked before a workspace is known runs as the owner, one question each.
create function console_session(wanted bytea)
  returns table (person_id text, workspace_id bigint, workspace text, name text, email text, role text,
    disabled_at timestamptz, created_at timestamptz, seen_at timestamptz)
  language sql stable security definer set search_path = campana
  begin atomic
    select p.id, p.workspace_id, w.name, p.name, p.email, p.role, p.disabled_at, s.created_at, s.seen_at
    from campana.console_sessions s
    join campana.people p on p.id = s.person_id
    join campana.workspaces w on w.workspace_id = p.workspace_id
    where s.hash = wanted;
  end;
revoke all on function console_session from public;
grant execute on function console_session to campana_web;

create function person_of_email(wanted text)
  returns table (person_id text, workspace_id bigint, password_hash text, disabled_at timestamptz)
  language sql stable security definer set search_path = campana
  begin atomic
    select p.id, p.workspace_id, p.password_hash, p.disabled_at from campana.people p where p.email = wanted;
  end;
revoke all on function person_of_email from public;
grant execute on function person_of_email to campana_web;

create function invitation_of(wanted bytea)
  returns table (id text, workspace_id bigint, workspace text, email text, role text, expires_at timestamptz,
    used_at timestamptz)
  language sql stable security definer set search_path = campana
  begin atomic
    select i.id, i.workspace_id, w.name, i.email, i.role, i.expires_at, i.used_at
    from campana.invitations i join campana.workspaces w using (workspace_id)
    where i.hash = wanted;
  end;
revoke all on function invitation_of from public;
grant execute on function invitation_of to campana_web;

create function console_is_new() returns boolean
  language sql stable security definer set search_path = campana
  begin atomic
    select not exists (select from campana.people);
  end;
revoke all on function console_is_new from public;
grant execute on function console_is_new to campana_web, campana_engine;

-- Counts a try under each key and answers how many there were since, this one among them; what is older
-- is forgotten. Nobody's workspace is known yet, so each row stands under the first.
create function count_sign_in(keys bytea[], moment timestamptz, since timestamptz)
  returns table (key bytea, tries bigint)
  language plpgsql volatile security definer set search_path = campana as $$
  begin
    delete from campana.sign_in_tries where at < since;
    insert into campana.sign_in_tries (workspace_id, key, at)
      select (select min(w.workspace_id) from campana.workspaces w), k, moment from unnest(keys) k;
    return query select t.key, count(*) from campana.sign_in_tries t
      where t.key = any(keys) and t.at >= since group by t.key;
  end $$;
revoke all on function count_sign_in from public;
grant execute on function count_sign_in to campana_web;

create function forget_sign_in(keys bytea[]) returns void
  language sql volatile security definer set search_path = campana
  begin atomic
    delete from campana.sign_in_tries where key = any(keys);
  end;
revoke all on function forget_sign_in from public;
grant execute on function forget_sign_in to campana_web;

reset role;

-- migrate:down
