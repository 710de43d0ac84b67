-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- The same rows, said in words that no other index of open attempts has: when nothing was open at the last look, all
-- of them seem empty to a plan, and whether somebody is busy was asked of the wrong one, which is read as a whole.
drop index attempts_open_address;
create unique index attempts_open_address on attempts (workspace_id, address)
  where disposition is null and let_go_at is null and target_id is not null;

reset role;

-- migrate:down
