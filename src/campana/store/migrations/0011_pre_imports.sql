-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- An e-mail address lies in no country.
alter table contact_addresses alter column country drop not null;

-- `made_by`: the import that brought the person in. No foreign key: both go with the list, and a check for each
-- of millions of rows would look at one and the same import.
-- `version`: one more with every change, whoever makes it; an undo leaves alone what was changed since.
alter table contacts add column made_by text;
alter table contacts add column version integer not null default 1;

create function count_contact_version() returns trigger language plpgsql as $$
begin
  -- an undo puts the version back with the rest, so that the import before it can be undone after it
  if new.version = old.version then new.version := old.version + 1; end if;
  return new;
end $$;
create trigger contacts_versioned before update on contacts
  for each row execute function count_contact_version();

-- What the last import with a mapping of its own was told about this list's files.
alter table contact_lists add column mapping jsonb not null default '{}';
alter table contact_lists add column types jsonb not null default '{}';

alter table imports add column types jsonb not null default '{}';
-- the file's own columns, for the rows that are given back to be mended
alter table imports add column header jsonb not null default '[]';
alter table imports add column is_dry_run boolean not null default false;
-- where the present stretch of work began, and when rows were last stored: the rate and the time left
alter table imports add column began_at timestamptz;
alter table imports add column began_rows bigint not null default 0;
alter table imports add column began_bytes bigint not null default 0;
alter table imports add column moved_at timestamptz;
-- how far an undo has come
alter table imports add column undo_step text check (undo_step in ('made', 'changed'));
alter table imports add column undo_after bigint not null default 0;
alter table imports add column undone_removed bigint not null default 0;
alter table imports add column undone_restored bigint not null default 0;
alter table imports add column undone_kept bigint not null default 0;
alter table imports drop constraint if exists imports_state_check;
alter table imports add constraint imports_state_check check (state in (
  'queued', 'running', 'done', 'failed', 'undoing', 'undone'));
alter table imports drop constraint if exists imports_duplicates_check;
alter table imports add constraint imports_duplicates_check check (duplicates in ('skip', 'update', 'fail'));
alter table imports add constraint undo_has_a_step check ((state = 'undoing') = (undo_step is not null));
-- A person asks for an undo; the work is the engine's.
grant update (state, undo_step, undo_after, undone_removed, undone_restored, undone_kept, finished_at) on imports
  to campana_web;

alter table import_errors add column suggestion text;
-- the row as it stood in the file; null where it could not be read
alter table import_errors add column cells jsonb;

-- What an import changed, as it was before it, and the version its change left behind. No foreign key to the
-- contact: one that is gone needs no undoing.
create table import_changes (
  import_id text not null references imports on delete cascade,
  contact_id bigint not null,
  workspace_id bigint not null references workspaces,
  before jsonb not null,
  version integer not null,
  primary key (import_id, contact_id)
);
select protect('import_changes', '', 'select, insert, update, delete');

-- Whom an undo had to leave as they are, and why.
create table import_kept (
  import_id text not null references imports on delete cascade,
  contact_id bigint not null,
  workspace_id bigint not null references workspaces,
  reason text not null check (reason in ('contacted', 'changed_since', 'address_taken')),
  primary key (import_id, contact_id)
);
select protect('import_kept', 'select', 'select, insert, delete');

-- An undo takes people out of campaigns that have not contacted them yet.
grant delete on targets to campana_engine;
create index if not exists targets_of_contact on targets (contact_id);

-- A dry run's people: what the list would hold of those its rows made (ids below zero) or changed, and by
-- what they are found. Emptied when it ends.
create table trial_people (
  import_id text not null references imports on delete cascade,
  person_id bigint not null,
  workspace_id bigint not null references workspaces,
  contact jsonb not null,
  primary key (import_id, person_id)
);
select protect('trial_people', '', 'select, insert, update, delete');

create table trial_keys (
  import_id text not null references imports on delete cascade,
  key text not null,
  person_id bigint not null,
  workspace_id bigint not null references workspaces,
  primary key (import_id, key)
);
create index trial_keys_of_person on trial_keys (import_id, person_id);
select protect('trial_keys', '', 'select, insert, update, delete');

reset role;

-- migrate:down
