-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Who called whom: a contact may call us, and the call belongs to the flow that waits for it.
alter table attempts add column direction text not null default 'outbound' check (direction in ('outbound', 'inbound'));

-- How many calls of its trunks a channel did not take.
alter table pacing add column refused_calls bigint not null default 0 check (refused_calls >= 0);

reset role;

-- migrate:down
