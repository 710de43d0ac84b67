-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- How many calls were placed from each of our numbers in a day of UTC. A call counts when it is claimed.
create table caller_id_days (
  workspace_id bigint not null references workspaces,
  day date not null,
  number text not null,
  calls integer not null check (calls > 0),
  primary key (workspace_id, day, number)
);
select protect('caller_id_days', 'select', 'select, insert, update, delete');

reset role;

-- migrate:down
