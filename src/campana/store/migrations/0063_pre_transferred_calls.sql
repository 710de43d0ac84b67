-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Calls that were to be handed over are few of all: the wallboard asks what became of the newest of them. The ids of
-- attempts rise with the time they were made.
create index voice_calls_transferred on voice_calls (workspace_id, attempt_id) where transfers <> '[]';

reset role;

-- migrate:down
