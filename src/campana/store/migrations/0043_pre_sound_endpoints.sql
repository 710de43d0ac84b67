-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Which endpoints spoke and heard in a call, and why our own models took over: {speech: {model, voice, failure},
-- hearing: {model, failure}}. Null where there were none.
alter table voice_calls add column endpoints jsonb;

reset role;

-- migrate:down
