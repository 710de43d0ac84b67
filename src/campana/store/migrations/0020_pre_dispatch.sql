-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- A line of a history is written in the transaction that has made or holds its attempt, so there is nothing for a
-- key to find out; twice a contact it looked and locked the attempt again. What it did besides is kept: with an
-- attempt its history goes.
alter table attempt_events drop constraint if exists attempt_events_attempt_id_fkey;

create function forget_history() returns trigger
  language plpgsql security definer set search_path = campana as $$
begin
  delete from campana.attempt_events e using gone where e.attempt_id = gone.id;
  return null;
end $$;
revoke all on function forget_history from public;

create trigger attempts_deleted after delete on attempts
  referencing old table as gone for each statement execute function forget_history();

-- A target changes twice with each attempt, and without an index that tells its state a change touches none of
-- its five. Whoever is being talked to has a current session, which says the same.
drop index if exists targets_talking;
create index if not exists flow_sessions_going_on on flow_sessions (campaign_id, target_id) where is_current;

-- Every worker asks twice a second which campaigns are past their end; without this it read all there ever were.
create index if not exists campaigns_ending on campaigns (end_date) where state in ('running', 'paused', 'tripped');

reset role;

-- migrate:down
