-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- What every attempt writes is kept free of what is known anyway. An attempt belongs to the workspace and the
-- campaign of its target, which it references, and is made on the channel of that campaign; workspaces and
-- channels are never deleted (nobody may). Each of these keys had every row locked and looked up again, and all
-- workers meet on the same few rows.
alter table attempts
  drop constraint if exists attempts_workspace_id_fkey,
  drop constraint if exists attempts_campaign_id_fkey,
  drop constraint if exists attempts_channel_id_fkey;
alter table attempt_events drop constraint if exists attempt_events_workspace_id_fkey;
alter table events drop constraint if exists events_workspace_id_fkey;

-- A target changes twice with each attempt, and none of its other indexes tells its state: without this one,
-- and with room on its page, a change touches no index at all. Whoever waits has a row in due, whoever is being
-- contacted an open attempt; both have an index by campaign.
drop index if exists targets_unfinished;
alter table targets set (fillfactor = 50);

reset role;

-- migrate:down
