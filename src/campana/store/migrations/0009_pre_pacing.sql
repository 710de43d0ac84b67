-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- The rate an arrival time was reckoned with: when the rate is changed, the wait for the next send changes
-- with it. Null until the first grant.
alter table pacing add column rate double precision check (rate > 0);
alter table campaign_pacing add column rate double precision check (rate > 0);

-- What one trunk of a channel has used of limits of its own. Read and written behind the channel's pacing row.
create table trunk_pacing (
  channel_id text not null references channels on delete cascade,
  trunk text not null,
  workspace_id bigint not null references workspaces,
  arrival_at timestamptz not null,
  rate double precision not null check (rate > 0),
  day date not null,
  day_sends integer not null default 0 check (day_sends >= 0),
  primary key (channel_id, trunk)
);
select protect('trunk_pacing', 'select', 'select, insert, update');

alter table grants
  -- the trunk whose line was promised; null on channels without trunks
  add column trunk text,
  -- a limit was lowered since: nothing may be claimed under it
  add column is_revoked boolean not null default false;

-- Lowering a limit is the web's to do, grants are the engine's: this runs as the owner, like authenticate().
-- It waits for the grant that is under way, which may have read the limits from before.
create function revoke_grants(wanted text) returns void
  language sql volatile security definer set search_path = campana
  begin atomic
    select from campana.pacing
    where channel_id = wanted and workspace_id = campana.current_workspace() for update;
    update campana.grants set is_revoked = true
    where channel_id = wanted and workspace_id = campana.current_workspace();
  end;
revoke all on function revoke_grants from public;
grant execute on function revoke_grants to campana_web;

alter table attempts
  -- the trunk it went out on, and when it went over to that one from another
  add column trunk text,
  add column moved_at timestamptz;

reset role;

-- migrate:down
