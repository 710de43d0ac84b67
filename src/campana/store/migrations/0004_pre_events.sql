-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- What happened, for others to read: written in the transaction of the change itself, so there is never
-- the one without the other. Append-only. The id orders the events of one subject as they happened, because
-- whoever writes the later one waited for the earlier one's transaction; it does not say in which order
-- transactions commit, so readers stop at a horizon (services/events.py).
-- No check on `type`: a new kind of event needs no migration.
create table events (
  workspace_id bigint not null references workspaces,
  id bigint generated always as identity,
  type text not null,
  -- the thing whose story it is a line of: a campaign, a target, an import, a suppression, a webhook
  subject text not null,
  -- no foreign key: that a campaign was deleted must outlive it
  campaign_id text,
  at timestamptz not null,
  data jsonb not null,
  primary key (workspace_id, id)
);
create index events_by_campaign on events (campaign_id, id) where campaign_id is not null;
create index events_by_age on events using brin (at);
select protect('events', 'select, insert', 'select, insert, delete');
-- How many there are is no secret of a workspace: readers ask for the newest number before they read.
grant select on sequence events_id_seq to campana_web, campana_engine;

-- Webhooks ---------------------------------------------------------------------------------------

create table webhooks (
  id text primary key,
  workspace_id bigint not null references workspaces,
  url text not null check (length(url) between 1 and 2000),
  description text check (length(description) <= 500),
  -- empty is every type
  event_types text[] not null,
  is_enabled boolean not null,
  -- why it was switched off, when nobody did
  disabled_reason text,
  -- events up to here have their deliveries; what comes after is still only an event
  cursor bigint not null,
  -- a replay makes old events young again
  replayed_at timestamptz,
  -- since when nothing was delivered, and how often in a row that was tried
  failing_since timestamptz,
  failures integer not null default 0,
  -- nothing is sent before: a receiver that is down is asked now and then, not a thousand times
  retry_at timestamptz,
  last_ms integer,
  -- events given up for good
  missed bigint not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (is_enabled or disabled_reason is not null)
);
create index webhooks_by_workspace on webhooks (workspace_id, created_at, id);
select protect('webhooks', 'select, insert, update, delete', 'select, insert, update, delete');

-- Sealed with a key that is not in this database. The web role puts them in and never reads them.
create table webhook_secrets (
  id bigint generated always as identity primary key,
  webhook_id text not null references webhooks on delete cascade,
  workspace_id bigint not null references workspaces,
  sealed text not null,
  created_at timestamptz not null,
  -- while secrets rotate, messages carry a signature for each that has not expired
  expires_at timestamptz
);
create index webhook_secrets_by_webhook on webhook_secrets (webhook_id, id);
select protect('webhook_secrets', 'insert, delete', 'select, insert, update, delete');
grant select (id, webhook_id, workspace_id, created_at, expires_at), update (expires_at) on webhook_secrets to campana_web;

create table webhook_deliveries (
  webhook_id text not null references webhooks on delete cascade,
  event_id bigint not null,
  workspace_id bigint not null references workspaces,
  event_type text not null,
  subject text not null,
  state text not null check (state in ('pending', 'delivered', 'failed')),
  due_at timestamptz not null,
  give_up_at timestamptz not null,
  -- who is delivering it, and until when others leave it alone; a claim that ran out counts no more
  claim text,
  claimed_until timestamptz,
  try_count integer not null default 0,
  -- the newest of them: at, ms, status, answer, problem
  tries jsonb not null default '[]',
  created_at timestamptz not null,
  finished_at timestamptz,
  primary key (webhook_id, event_id),
  check ((claim is null) = (claimed_until is null)),
  check (claim is null or state = 'pending'),
  check ((state = 'pending') = (finished_at is null))
);
create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, due_at, event_id) where state = 'pending';
create index webhook_deliveries_in_order on webhook_deliveries (webhook_id, subject, event_id) where state = 'pending';
create index webhook_deliveries_claimed on webhook_deliveries (webhook_id, claimed_until) where claim is not null;
create index webhook_deliveries_giving_up on webhook_deliveries (give_up_at) where state = 'pending';
create index webhook_deliveries_by_age on webhook_deliveries (finished_at) where state <> 'pending';
select protect('webhook_deliveries', 'select, insert', 'select, insert, update, delete');

reset role;

-- migrate:down
