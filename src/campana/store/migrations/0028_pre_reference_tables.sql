-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Tables that flows look rows up in: branches by city, offers by plan. Never people: those are contacts.
create table reference_tables (
  workspace_id bigint not null references workspaces,
  name text not null check (length(name) between 1 and 100),
  -- the column whose text finds a row
  key_column text not null check (length(key_column) between 1 and 100),
  row_count integer not null check (row_count >= 0),
  updated_at timestamptz not null,
  primary key (workspace_id, name)
);
select protect('reference_tables', 'select, insert, update, delete', 'select');

create table reference_rows (
  workspace_id bigint not null,
  table_name text not null,
  -- as it is compared: one space between words, no case
  row_key text not null check (length(row_key) between 1 and 500),
  fields jsonb not null,
  primary key (workspace_id, table_name, row_key),
  foreign key (workspace_id, table_name) references reference_tables (workspace_id, name) on delete cascade
);
select protect('reference_rows', 'select, insert, delete', 'select');

reset role;

-- migrate:down
