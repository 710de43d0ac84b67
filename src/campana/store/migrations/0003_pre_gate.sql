-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Who agreed to be contacted, when, to what text, and who took it back. Append-only: no role may change or
-- remove what was said; a later row says otherwise.
create table consents (
  id text primary key,
  workspace_id bigint not null references workspaces,
  address text not null,
  -- null: on every kind of channel
  channel_type text check (channel_type in ('Voice', 'WhatsApp', 'SMS', 'Email')),
  is_granted boolean not null,
  source text not null check (length(source) between 1 and 200),
  wording text not null check (length(wording) between 1 and 5000),
  said_at timestamptz not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  check (is_granted or expires_at is null),
  check (said_at <= created_at)
);
create index consents_by_address on consents (workspace_id, address, said_at desc, is_granted);
create index consents_newest on consents (workspace_id, created_at desc, id desc);
select protect('consents', 'select, insert', 'select, insert');

-- Caps count attempts by address and by contact.
create index attempts_by_address on attempts (workspace_id, address, created_at desc);
create index targets_of_contact on targets (contact_id);

-- What holds for every campaign of a workspace, as written.
alter table workspaces add column policy jsonb not null default '{}';

-- Hours, holidays and closed days of a channel, as written; a campaign's own must be open as well.
alter table channels add column contact_window jsonb;

-- Where another number of the contact lies, once a target has gone on to it; null: where the contact is.
alter table targets add column zones text[];

-- What attempts cost, by prefix (+ and digits), country, or * for everywhere else.
create table prices (
  workspace_id bigint not null references workspaces,
  channel_type text not null check (channel_type in ('Voice', 'WhatsApp', 'SMS', 'Email')),
  prefix text not null check (prefix ~ '^(\+[1-9][0-9]{0,14}|[A-Z]{2}|\*)$'),
  per text not null check (per in ('minute', 'message')),
  amount numeric(14, 6) not null check (amount >= 0),
  primary key (workspace_id, channel_type, prefix)
);
select protect('prices', 'select', 'select, insert, delete');

-- What is spent of a day (2026-03-10) or by a campaign (camp_...), and promised to attempts that are open.
create table spending (
  workspace_id bigint not null references workspaces,
  purse text not null,
  spent numeric not null default 0 check (spent >= 0),
  reserved numeric not null default 0 check (reserved >= 0),
  primary key (workspace_id, purse)
);
select protect('spending', 'select', 'select, insert, update');

-- One row an attempt that has a price: the worst it could cost, and what it did cost once it has ended.
create table charges (
  attempt_id uuid primary key references attempts on delete cascade,
  workspace_id bigint not null references workspaces,
  campaign_id text not null,
  day text not null,
  per text not null check (per in ('minute', 'message')),
  amount numeric(14, 6) not null,
  reserved numeric not null check (reserved >= 0),
  cost numeric check (cost >= 0)
);
select protect('charges', 'select', 'select, insert, update');

-- When somebody last looked after a running campaign.
create table watches (
  campaign_id text primary key references campaigns on delete cascade,
  workspace_id bigint not null references workspaces,
  watched_at timestamptz not null
);
select protect('watches', 'select, insert, update', 'select, insert, update');

-- Why a person was not contacted. Rows are only added; a deferral that repeats itself counts on.
create table target_decisions (
  id bigint generated always as identity primary key,
  workspace_id bigint not null references workspaces,
  target_id bigint not null references targets on delete cascade,
  kind text not null check (kind in ('deferred', 'skipped')),
  reason text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  times integer not null default 1,
  until timestamptz,
  check ((kind = 'deferred') = (until is not null))
);
create index target_decisions_latest on target_decisions (target_id, id);
select protect('target_decisions', 'select', 'select, insert, update (last_at, times, until)');

reset role;

-- migrate:down
