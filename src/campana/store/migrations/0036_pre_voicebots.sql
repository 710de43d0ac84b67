-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- A bot is a draft that changes and versions that never do. `revision` is the ETag of the draft; `text` is what
-- was typed, where somebody typed it: `draft` is what it says.
create table voicebots (
  id text primary key,
  workspace_id bigint not null references workspaces,
  name text not null check (length(name) between 1 and 200),
  draft jsonb not null,
  text text,
  revision integer not null default 1,
  published integer check (published >= 1),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (workspace_id, name)
);
select protect('voicebots', 'select, insert, update, delete', 'select, insert, update, delete');

-- No role may change or remove a version: what a call of years ago said can be read.
create table voicebot_versions (
  bot_id text not null references voicebots on delete restrict,
  number integer not null check (number >= 1),
  workspace_id bigint not null references workspaces,
  hash text not null check (hash like 'sha256:%'),
  definition jsonb not null,
  text text,
  created_at timestamptz not null,
  primary key (bot_id, number)
);
select protect('voicebot_versions', 'select, insert', 'select, insert');

reset role;

-- migrate:down
