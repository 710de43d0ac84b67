-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- The time of a wait for an answer begins when what was said before it has left. Until then `lasts` says how long it
-- will be, and `due_at` when somebody looks whether its beginning was missed.
alter table flow_timers add column lasts interval;

reset role;

-- migrate:down
