-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Which dispatcher serves a channel, and until when nobody else needs to: as long as what it was granted lasts.
-- From then on it is anybody's again, however its process ended.
alter table pacing
  add column served_by integer,
  add column served_until timestamptz;

reset role;

-- migrate:down
