-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- The day whose quota the promised lines were taken from: nothing is claimed under it on another.
alter table grants add column day date;

reset role;

-- migrate:down
