-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- What an import refused and changed is kept for a while only; without what it changed it cannot be undone.
alter table imports add column rows_removed_at timestamptz;
alter table suppression_imports add column rows_removed_at timestamptz;
create index imports_with_rows on imports (workspace_id, finished_at)
  where finished_at is not null and rows_removed_at is null;
create index suppression_imports_with_rows on suppression_imports (workspace_id, finished_at)
  where finished_at is not null and rows_removed_at is null;
grant delete on import_errors, suppression_import_errors to campana_engine;

-- The oldest of a workspace, of what has come to rest.
create index flow_sessions_by_age on flow_sessions (workspace_id, ended_at)
  where status = 'ended' and not is_current;
create index messages_by_age on messages (workspace_id, at);

reset role;

-- migrate:down
