-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- A provider that never gives our id back reports by names of its own. It tells them in its answer to a send:
-- one a part of a message, written in the transaction that takes the answer.
create table carrier_refs (
  channel_id text not null,
  ref text not null,
  workspace_id bigint not null references workspaces,
  attempt_id uuid not null references attempts on delete cascade,
  part integer not null check (part >= 1),
  parts integer not null check (parts >= part),
  -- what became of this part of several; of a message in one part the attempt itself says it
  disposition text,
  told_at timestamptz not null,
  primary key (channel_id, ref)
);
create index carrier_refs_of_attempt on carrier_refs (attempt_id);
select protect('carrier_refs', '', 'select, insert, update');

-- Reports by a name that means nothing yet (it overtook the answer, or the answer never came), and reports of
-- parts. Without foreign keys: the provider waits for this row.
create table named_reports (
  id bigint generated always as identity primary key,
  workspace_id bigint not null,
  channel_id text not null,
  ref text not null,
  address text not null,
  report text not null,
  type text not null,
  at timestamptz not null,
  detail jsonb not null,
  received_at timestamptz not null,
  try_at timestamptz not null
);
create index named_reports_to_try on named_reports (try_at);
select protect('named_reports', '', 'select, insert, update, delete');

-- A work process that holds a provider's connection keeps what comes over it without a web process.
grant insert on callback_inbox to campana_engine;

-- A complaint comes after the end, and changes nothing of it; the breaker counts them.
alter table attempt_events drop constraint if exists attempt_events_type_check;
alter table attempt_events add constraint attempt_events_type_check check (type in (
  'intent', 'sending', 'ringing', 'early_media', 'accepted', 'answered', 'said', 'heard', 'key', 'ended',
  'complained', 'lost'));
create index attempt_events_complaints on attempt_events (at) where type = 'complained';

reset role;

-- migrate:down
