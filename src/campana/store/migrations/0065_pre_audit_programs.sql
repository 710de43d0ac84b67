-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- The log of one person or program, and of all people without the programs, which may be many times as many.
create index audit_entries_of_actor on audit_entries (workspace_id, actor, id desc);
create index audit_entries_of_people on audit_entries (workspace_id, id desc) where person_id is not null;

reset role;

-- migrate:down
