-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Who registers at a trunk, and what came of it. One worker at a time: its lease lapses when it stands still, and
-- ends with its owner's lock when it dies. The token is what the trunk calls us by, whoever registers.
create table trunk_registrations (
  workspace_id bigint not null references workspaces,
  trunk text not null,
  token text not null unique,
  owner_id bigint,
  held_until timestamptz not null,
  state text not null default 'trying' check (state in ('trying', 'registered', 'refused', 'failed', 'ended')),
  status integer,
  reason text,
  told_at timestamptz not null,
  registered_until timestamptz,
  primary key (workspace_id, trunk)
);
select protect('trunk_registrations', 'select', 'select, insert, update');

reset role;

-- migrate:down
