-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Words for what becomes of a message.
alter table attempts drop constraint if exists attempts_disposition_check;
alter table attempts add constraint attempts_disposition_check check (disposition in (
  'completed', 'hung_up', 'delivered', 'undelivered', 'busy', 'no_answer', 'declined', 'invalid_number', 'blocked',
  'congestion', 'carrier_error', 'cancelled', 'not_sent', 'unknown', 'suppressed', 'duplicate', 'zone_unknown',
  'country_not_allowed', 'no_address', 'expired'));
alter table targets drop constraint if exists targets_disposition_check;
alter table targets add constraint targets_disposition_check check (disposition in (
  'completed', 'hung_up', 'delivered', 'undelivered', 'busy', 'no_answer', 'declined', 'invalid_number', 'blocked',
  'congestion', 'carrier_error', 'cancelled', 'not_sent', 'unknown', 'suppressed', 'duplicate', 'zone_unknown',
  'country_not_allowed', 'no_address', 'expired'));

-- When the carrier is to be asked about an open attempt; null where its carrier cannot be asked. Owner 0 is
-- nobody: no process of ours can still send the attempt, so the carrier's word on it is final.
alter table attempts add column ask_at timestamptz;
create index attempts_to_ask on attempts (ask_at) where owner_id = 0 and state not in ('ended', 'unknown');

-- The carrier's own name of a report: told again, by a callback or a look-up, it is the same row.
alter table attempt_events add column report text;
create unique index attempt_events_once on attempt_events (attempt_id, report) where report is not null;

-- What carriers reported and nobody has applied yet. Written before the carrier gets its answer, emptied in
-- the transaction that applies it.
create table callback_inbox (
  id bigint generated always as identity primary key,
  -- no foreign keys: a carrier waits for this row, and what it says is checked when it is applied
  workspace_id bigint not null,
  channel_id text not null,
  attempt_id uuid not null,
  report text not null,
  type text not null,
  at timestamptz not null,
  detail jsonb not null,
  received_at timestamptz not null
);
select protect('callback_inbox', '', 'select, delete, update');

-- A callback names a channel and no workspace, so these two run as the owner, like authenticate().
create function callback_channel(wanted text)
  returns table (workspace_id bigint, kind text, config jsonb)
  language sql stable security definer set search_path = campana
  begin atomic
    select c.workspace_id, c.kind, c.config from campana.channels c where c.id = wanted;
  end;
revoke all on function callback_channel from public;
grant execute on function callback_channel to campana_web, campana_engine;

-- Many callbacks in one statement, as a JSON array of objects: one value to send, whatever their number. Not
-- COPY: PostgreSQL has none for tables under row level security.
create function keep_callbacks(kept jsonb) returns void
  language sql volatile security definer set search_path = campana
  begin atomic
    insert into campana.callback_inbox (workspace_id, channel_id, attempt_id, report, type, at, detail, received_at)
    select workspace_id, channel_id, attempt_id, report, type, at, detail, received_at
    from jsonb_to_recordset(kept) as g (workspace_id bigint, channel_id text, attempt_id uuid, report text, type text,
      at timestamptz, detail jsonb, received_at timestamptz);
  end;
revoke all on function keep_callbacks from public;
grant execute on function keep_callbacks to campana_web, campana_engine;

reset role;

-- migrate:down
