-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- How well the callee could be heard: {mos, received, lost, late, jitterMs, roundTripMs}. Null where no sound came, and of
-- calls from before.
alter table voice_calls add column quality jsonb;

reset role;

-- migrate:down
