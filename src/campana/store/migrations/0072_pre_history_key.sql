-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- A line of a history is looked for with its attempt, never by its number alone: one index is its key and its order.
alter table attempt_events drop constraint attempt_events_pkey;
drop index attempt_events_by_attempt;
alter table attempt_events add primary key (attempt_id, id);

reset role;

-- migrate:down
