-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- The last word on each bot that was tried on simulated callees, by what the bot is: another bot is another row.
create table bot_trials (
  workspace_id bigint not null references workspaces,
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  opt_out_ignored boolean not null,
  calls integer not null check (calls > 0),
  right_calls integer not null check (right_calls between 0 and calls),
  tried_at timestamptz not null,
  primary key (workspace_id, fingerprint)
);
select protect('bot_trials', 'select, insert, update', 'select, insert, update');

reset role;

-- migrate:down
