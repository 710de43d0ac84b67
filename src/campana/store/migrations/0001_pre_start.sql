-- migrate:up

-- Three roles, shared by every database of the cluster; none of them logs in by itself.
--   campana_owner   owns the tables and is bound by row level security like the others (FORCE)
--   campana_web     sees the workspace named for its transaction and no other
--   campana_engine  sees all workspaces; it may not skip a policy, it has one that says so
do $$
declare role_name text;
begin
  foreach role_name in array array['campana_owner', 'campana_web', 'campana_engine'] loop
    begin
      execute format('create role %I nologin nobypassrls', role_name);
    exception when duplicate_object or unique_violation then null;
    end;
    if not pg_has_role(current_user, role_name, 'set') then
      execute format('grant %I to %I', role_name, current_user);
    end if;
  end loop;
end $$;

create schema campana authorization campana_owner;
grant usage on schema campana to campana_web, campana_engine;
set local role campana_owner;
set local search_path = campana;

create function current_workspace() returns bigint
  language sql stable parallel safe
  return nullif(current_setting('campana.workspace_id', true), '')::bigint;

-- Every table is created and then handed to protect(): policies and grants in one place.
create function protect(target regclass, web text, engine text) returns void
language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy web on %s to campana_web using (workspace_id = campana.current_workspace()) with check (workspace_id = campana.current_workspace())', target);
  execute format('create policy engine on %s to campana_engine using (true) with check (true)', target);
  execute format('create policy owner on %s to campana_owner using (true) with check (true)', target);
  if web <> '' then execute format('grant %s on %s to campana_web', web, target); end if;
  if engine <> '' then execute format('grant %s on %s to campana_engine', engine, target); end if;
end $$;

-- Accounts ---------------------------------------------------------------------------------------

create table workspaces (
  workspace_id bigint generated always as identity primary key,
  name text not null unique check (length(name) between 1 and 100),
  default_country text check (default_country ~ '^[A-Z]{2}$'),
  -- Toll fraud: nobody is called anywhere until somebody says where.
  allowed_countries text[] not null default '{}',
  created_at timestamptz not null
);
select protect('workspaces', 'select', 'select, insert, update');

create table api_keys (
  id text primary key,
  workspace_id bigint not null references workspaces,
  name text not null check (length(name) between 1 and 100),
  hash bytea not null unique check (length(hash) = 32),
  scopes text[] not null check (cardinality(scopes) > 0),
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz
);
create index api_keys_by_workspace on api_keys (workspace_id, created_at);
select protect('api_keys', 'select, insert, update', 'select, insert, update');

-- Answers to requests that carried an Idempotency-Key, kept for a day.
create table idempotency_keys (
  workspace_id bigint not null references workspaces,
  route text not null,
  key text not null check (length(key) between 1 and 255),
  body_hash bytea not null,
  created_at timestamptz not null,
  -- null while the first request is being answered
  status integer,
  headers jsonb,
  body bytea,
  primary key (workspace_id, route, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
select protect('idempotency_keys', 'select, insert, update, delete', 'select, delete');

-- Channels ---------------------------------------------------------------------------------------

create table channels (
  id text primary key,
  workspace_id bigint not null references workspaces,
  name text not null check (length(name) between 1 and 100),
  kind text not null,
  channel_type text not null check (channel_type in ('Voice', 'WhatsApp', 'SMS', 'Email')),
  config jsonb not null,
  -- true when the carrier cannot leave this machine: only then may a campaign ignore hours
  is_loopback boolean not null,
  rate double precision not null check (rate >= 0.001 and rate <= 10000),
  burst integer not null check (burst between 1 and 1000),
  lines integer not null check (lines between 1 and 100000),
  created_at timestamptz not null,
  unique (workspace_id, name)
);
select protect('channels', 'select, insert, update', 'select, insert, update');

-- The theoretical arrival time of the next send; the row every grant locks.
create table pacing (
  channel_id text primary key references channels on delete cascade,
  workspace_id bigint not null references workspaces,
  arrival_at timestamptz not null
);
select protect('pacing', 'select, insert', 'select, insert, update');

-- Lines promised to a worker and not yet an attempt. A row whose owner's lock is free counts no more.
create table grants (
  channel_id text not null references channels on delete cascade,
  owner_id bigint not null,
  workspace_id bigint not null references workspaces,
  lines integer not null check (lines >= 0),
  primary key (channel_id, owner_id)
);
select protect('grants', '', 'select, insert, update, delete');

-- Worker identities; never used twice, so that a lock on one speaks for one life of one worker.
create sequence owner_ids as integer;
grant usage on sequence owner_ids to campana_engine;

-- People -----------------------------------------------------------------------------------------

create table contact_lists (
  id text primary key,
  workspace_id bigint not null references workspaces,
  name text not null check (length(name) between 1 and 200),
  default_country text check (default_country ~ '^[A-Z]{2}$'),
  created_at timestamptz not null,
  unique (workspace_id, name)
);
create index contact_lists_newest on contact_lists (workspace_id, created_at desc, id desc);
select protect('contact_lists', 'select, insert, update, delete', 'select, insert, update, delete');

create table contacts (
  id bigint generated always as identity primary key,
  workspace_id bigint not null references workspaces,
  list_id text not null references contact_lists on delete cascade,
  external_id text check (length(external_id) between 1 and 200),
  first_name text,
  last_name text,
  language text,
  -- the contact's own zone as given; `zones` is what the window is read in
  time_zone text,
  zones text[] not null,
  attributes jsonb not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index contacts_by_list on contacts (list_id, id);
create unique index contacts_by_external_id on contacts (list_id, external_id) where external_id is not null;
select protect('contacts', 'select, insert, update, delete', 'select, insert, update, delete');

create table contact_addresses (
  contact_id bigint not null references contacts on delete cascade,
  position smallint not null check (position >= 0),
  workspace_id bigint not null references workspaces,
  list_id text not null references contact_lists on delete cascade,
  kind text not null check (kind in ('phone', 'whatsapp', 'email')),
  value text not null,
  country text not null,
  primary key (contact_id, position)
);
-- An address belongs to one contact of a list: this is what makes an import's duplicates countable.
create unique index contact_addresses_by_value on contact_addresses (list_id, kind, value);
select protect('contact_addresses', 'select, insert, update, delete', 'select, insert, update, delete');

create table imports (
  id text primary key,
  workspace_id bigint not null references workspaces,
  list_id text not null references contact_lists on delete cascade,
  state text not null check (state in ('queued', 'running', 'done', 'failed')),
  file_name text not null,
  file_key text not null,
  mapping jsonb not null default '{}',
  default_country text check (default_country ~ '^[A-Z]{2}$'),
  duplicates text not null check (duplicates in ('skip', 'update')),
  -- rows of the file whose fate is committed; an import that died goes on after them
  rows_done bigint not null default 0,
  rows_accepted bigint not null default 0,
  rows_updated bigint not null default 0,
  rows_duplicate bigint not null default 0,
  rows_rejected bigint not null default 0,
  bytes_done bigint not null default 0,
  bytes_total bigint not null,
  problem text,
  created_at timestamptz not null,
  finished_at timestamptz,
  constraint rows_add_up check (rows_accepted + rows_updated + rows_duplicate + rows_rejected = rows_done)
);
create index imports_by_list on imports (list_id, created_at desc);
select protect('imports', 'select, insert', 'select, insert, update');

create table import_errors (
  import_id text not null references imports on delete cascade,
  row_number bigint not null check (row_number >= 1),
  workspace_id bigint not null references workspaces,
  column_name text,
  value text,
  reason text not null,
  primary key (import_id, row_number)
);
select protect('import_errors', 'select', 'select, insert');

create table suppressions (
  id text primary key,
  workspace_id bigint not null references workspaces,
  address text not null,
  scope text not null check (scope in ('workspace', 'campaign', 'channel')),
  campaign_id text,
  channel_type text check (channel_type in ('Voice', 'WhatsApp', 'SMS', 'Email')),
  reason text not null,
  source text not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  check ((scope = 'campaign') = (campaign_id is not null)),
  check ((scope = 'channel') = (channel_type is not null))
);
create unique index suppressions_by_address on suppressions (workspace_id, address, scope, campaign_id, channel_type) nulls not distinct;
create index suppressions_newest on suppressions (workspace_id, created_at desc, id desc);
select protect('suppressions', 'select, insert, update, delete', 'select, insert, update, delete');

-- Campaigns --------------------------------------------------------------------------------------

create table campaigns (
  id text primary key,
  workspace_id bigint not null references workspaces,
  name text not null check (length(name) between 1 and 200),
  description text check (length(description) <= 2000),
  type text not null check (type in ('VoiceBot', 'Flow')),
  channel_type text not null check (channel_type in ('Voice', 'WhatsApp', 'SMS', 'Email')),
  state text not null check (state in ('draft', 'paused', 'tripped', 'running', 'completed', 'cancelled', 'expired')),
  start_date timestamptz,
  end_date timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- one more with each change: the ETag
  version integer not null default 1,
  list_id text references contact_lists on delete restrict,
  channel_id text references channels on delete restrict,
  keep_open boolean not null default false,
  archived boolean not null default false,
  document jsonb not null default '{}',
  launched_at timestamptz,
  finished_at timestamptz,
  check (start_date is null or end_date is null or start_date <= end_date),
  check ((state = 'draft') >= (launched_at is null) or state = 'cancelled')
);
create index campaigns_newest on campaigns (workspace_id, created_at desc, id);
-- Counting reads this and no rows: everything the filters of a page look at.
create index campaigns_counted on campaigns (workspace_id, channel_type, state, start_date, end_date);
-- When the next status changes by the clock alone, and whose end date has passed.
create index campaigns_ending on campaigns (workspace_id, end_date) where state in ('running', 'paused', 'tripped');
create index campaigns_running on campaigns (channel_id) where state = 'running';
select protect('campaigns', 'select, insert, update, delete', 'select, insert, update');

alter table suppressions add foreign key (campaign_id) references campaigns on delete cascade;

-- What a stored state means at a moment: past its end date a launched campaign is expired, written or not.
create function campaign_state_at(state text, end_date timestamptz, moment timestamptz) returns text
  language sql immutable parallel safe
  return case when state in ('running', 'paused', 'tripped') and end_date < moment then 'expired' else state end;

-- One number a workspace that changes with every change to its campaigns, in the same transaction: a
-- process that remembers an answer asks only whether this number still stands.
create table campaign_revisions (
  workspace_id bigint primary key references workspaces,
  revision bigint not null
);
select protect('campaign_revisions', 'select, insert, update', 'select, insert, update');

create function revise_campaigns() returns trigger language plpgsql as $$
begin
  -- sorted, so that two transactions that touch several workspaces lock them in one order
  insert into campana.campaign_revisions (workspace_id, revision)
    select workspace_id, 1 from changed group by workspace_id order by workspace_id
    on conflict (workspace_id) do update set revision = campaign_revisions.revision + 1;
  return null;
end $$;
create trigger campaigns_inserted after insert on campaigns referencing new table as changed
  for each statement execute function revise_campaigns();
create trigger campaigns_updated after update on campaigns referencing new table as changed
  for each statement execute function revise_campaigns();
create trigger campaigns_deleted after delete on campaigns referencing old table as changed
  for each statement execute function revise_campaigns();

-- Who are you: the one question asked before a workspace is known, so it runs as the owner.
create function authenticate(key_hash bytea)
  returns table (key_id text, workspace_id bigint, scopes text[], expires_at timestamptz, revoked_at timestamptz, revision bigint)
  language sql stable security definer set search_path = campana
  begin atomic
    select k.id, k.workspace_id, k.scopes, k.expires_at, k.revoked_at, coalesce(r.revision, 0)
    from campana.api_keys k left join campana.campaign_revisions r using (workspace_id)
    where k.hash = key_hash;
  end;
revoke all on function authenticate from public;
grant execute on function authenticate to campana_web, campana_engine;

-- How far the enrolling of a list into a campaign has come; it goes on after a crash.
create table enrollments (
  campaign_id text not null references campaigns on delete cascade,
  list_id text not null references contact_lists on delete restrict,
  workspace_id bigint not null references workspaces,
  last_contact_id bigint not null default 0,
  enrolled bigint not null default 0,
  duplicates bigint not null default 0,
  started_at timestamptz not null,
  finished_at timestamptz,
  primary key (campaign_id, list_id)
);
select protect('enrollments', 'select, insert', 'select, insert, update');

create table targets (
  id bigint generated always as identity primary key,
  workspace_id bigint not null references workspaces,
  campaign_id text not null references campaigns on delete cascade,
  contact_id bigint not null references contacts on delete restrict,
  address text,
  state text not null check (state in ('waiting', 'attempting', 'finished')),
  disposition text check (disposition in (
    'completed', 'hung_up', 'busy', 'no_answer', 'declined', 'invalid_number', 'blocked', 'congestion',
    'carrier_error', 'cancelled', 'not_sent', 'unknown', 'suppressed', 'duplicate', 'zone_unknown',
    'country_not_allowed', 'no_address', 'expired')),
  attempt_count integer not null default 0,
  last_reason text,
  created_at timestamptz not null,
  finished_at timestamptz,
  check ((state = 'finished') = (disposition is not null)),
  check ((state = 'finished') = (finished_at is not null))
);
create unique index targets_by_contact on targets (campaign_id, contact_id);
create unique index targets_by_address on targets (campaign_id, address);
create index targets_unfinished on targets (campaign_id) where state <> 'finished';
create index targets_in_order on targets (campaign_id, id);
select protect('targets', 'select, insert, update', 'select, insert, update');

-- Small and hot, apart from the cold targets; scanned only by equality on the first three columns.
create table due (
  target_id bigint primary key references targets on delete cascade,
  workspace_id bigint not null references workspaces,
  campaign_id text not null,
  window_key text not null,
  priority smallint not null check (priority between 0 and 3),
  due_at timestamptz not null
);
create index due_in_order on due (campaign_id, window_key, priority, due_at, target_id);
select protect('due', 'select, insert, update, delete', 'select, insert, update, delete');

-- Which waiting groups of a campaign may be contacted now, and until when; recomputed every minute.
create table open_windows (
  campaign_id text not null references campaigns on delete cascade,
  window_key text not null,
  workspace_id bigint not null references workspaces,
  open_until timestamptz not null,
  primary key (campaign_id, window_key)
);
select protect('open_windows', 'select, insert, update, delete', 'select, insert, update, delete');

-- Attempts ---------------------------------------------------------------------------------------

create table attempts (
  id uuid primary key,
  workspace_id bigint not null references workspaces,
  campaign_id text not null references campaigns on delete cascade,
  target_id bigint not null references targets on delete cascade,
  channel_id text not null references channels,
  attempt_no integer not null check (attempt_no >= 1),
  address text not null,
  state text not null check (state in ('intent', 'sending', 'accepted', 'in_progress', 'ended', 'unknown')),
  disposition text check (disposition in (
    'completed', 'hung_up', 'busy', 'no_answer', 'declined', 'invalid_number', 'blocked', 'congestion',
    'carrier_error', 'cancelled', 'not_sent', 'unknown', 'suppressed', 'duplicate', 'zone_unknown',
    'country_not_allowed', 'no_address', 'expired')),
  -- the worker that made it; its advisory lock says whether that worker lives
  owner_id integer not null,
  created_at timestamptz not null,
  -- committed before the network is touched
  sending_at timestamptz,
  answered_at timestamptz,
  ended_at timestamptz,
  reason text,
  unique (target_id, attempt_no),
  check ((state in ('ended', 'unknown')) = (disposition is not null)),
  check ((state in ('ended', 'unknown')) = (ended_at is not null)),
  check (state in ('intent', 'ended') or sending_at is not null)
);
-- Never two conversations with one person at once, whatever the campaigns do.
create unique index attempts_open_address on attempts (workspace_id, address) where state not in ('ended', 'unknown');
create index attempts_open_channel on attempts (channel_id) where state not in ('ended', 'unknown');
create index attempts_open_owner on attempts (owner_id) where state not in ('ended', 'unknown');
create index attempts_open_campaign on attempts (campaign_id) where state not in ('ended', 'unknown');
create index attempts_by_campaign on attempts (campaign_id, disposition);
create index attempts_newest on attempts (workspace_id, created_at desc, id desc);
select protect('attempts', 'select', 'select, insert, update');

-- Append-only: no role may change or remove what happened.
create table attempt_events (
  id bigint generated always as identity primary key,
  workspace_id bigint not null references workspaces,
  attempt_id uuid not null references attempts on delete cascade,
  type text not null check (type in (
    'intent', 'sending', 'ringing', 'early_media', 'accepted', 'answered', 'said', 'heard', 'key', 'ended', 'lost')),
  at timestamptz not null,
  detail jsonb not null default '{}'
);
create index attempt_events_by_attempt on attempt_events (attempt_id, id);
select protect('attempt_events', 'select', 'select, insert');

-- What a voice attempt has besides: one row a call that was placed.
create table voice_calls (
  attempt_id uuid primary key references attempts on delete cascade,
  workspace_id bigint not null references workspaces,
  from_number text not null,
  to_number text not null,
  sip_status integer,
  talk_seconds double precision check (talk_seconds >= 0),
  keys text not null default '',
  saved jsonb not null default '{}',
  result text,
  transcript jsonb not null default '[]',
  recording_key text
);
select protect('voice_calls', 'select', 'select, insert, update');

-- Monitoring -------------------------------------------------------------------------------------

-- What is going on over all workspaces, in numbers that name none of them: for monitoring, which has no
-- key. It runs as the owner because the web role sees one workspace at a time; both counts use an index
-- that holds only what is not over.
create function activity() returns table (what text, state text, count bigint)
  language sql stable security definer set search_path = campana
  begin atomic
    select 'attempts', a.state, count(*) from campana.attempts a
      where a.state not in ('ended', 'unknown') group by a.state
    union all
    select 'campaigns', c.state, count(*) from campana.campaigns c
      where c.state = 'running' group by c.state;
  end;
revoke all on function activity from public;
grant execute on function activity to campana_web, campana_engine;

reset role;

-- migrate:down
