-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Conversations ----------------------------------------------------------------------------------

-- One thread for each person on each channel, whoever wrote first. No foreign keys to contacts and campaigns:
-- removing a million people must not look here, and a thread outlives the list its person came from.
create table conversations (
  id text primary key,
  workspace_id bigint not null references workspaces,
  channel_id text not null references channels,
  -- the person's, never ours
  address text not null check (length(address) between 1 and 320),
  contact_id bigint,
  -- as they call themselves there
  name text,
  -- the last campaign that wrote
  campaign_id text,
  -- open: with the flow, or nobody; waiting: for a person; assigned: to a person; closed: until somebody writes again
  status text not null check (status in ('open', 'waiting', 'assigned', 'closed')),
  assignee text check (length(assignee) between 1 and 200),
  queue text,
  note text,
  -- when the person last said STOP and START: messages may come in any order
  stopped_at timestamptz,
  started_at timestamptz,
  last_inbound_at timestamptz,
  last_message_at timestamptz not null,
  created_at timestamptz not null,
  closed_at timestamptz,
  -- a person gave it back, and the flow has not been told yet
  returned_at timestamptz,
  -- one more with each change by a person or a flow: the ETag
  version integer not null default 1,
  unique (workspace_id, channel_id, address),
  check ((status = 'closed') = (closed_at is not null)),
  check ((status = 'assigned') = (assignee is not null))
);
create index conversations_newest on conversations (workspace_id, last_message_at desc, id desc);
create index conversations_of_campaign on conversations (campaign_id, last_message_at desc, id desc) where campaign_id is not null;
create index conversations_returned on conversations (returned_at) where returned_at is not null;
select protect('conversations', 'select, insert, update, delete', 'select, insert, update, delete');

create table messages (
  id bigint generated always as identity primary key,
  workspace_id bigint not null,
  conversation_id text not null references conversations on delete cascade,
  direction text not null check (direction in ('inbound', 'outbound')),
  origin text not null check (origin in ('contact', 'campaign', 'flow', 'person', 'automatic')),
  kind text not null,
  text text not null,
  -- of an e-mail
  subject text,
  -- of a template: its name, language and values
  template jsonb,
  -- of what came in: which button, what it answers, files as the provider names them
  payload text,
  reply_to text,
  media jsonb,
  -- the provider's own name of an inbound message: told again, it is the same row
  provider_key text,
  -- the send of an outbound message; whoever has one is as far as that attempt is
  attempt_id uuid,
  campaign_id text,
  -- who wrote it, of those a person wrote
  author text,
  -- answers the law and the providers ask for, which a suppression does not keep back
  permission text check (permission in ('stop', 'start', 'help')),
  -- of those that wait here: queued until an attempt takes it; refused when it may not go; else null
  state text check (state in ('queued', 'sending', 'refused')),
  problem text,
  due_at timestamptz,
  tries smallint not null default 0,
  -- when it was said, by whoever said it
  at timestamptz not null,
  check ((direction = 'inbound') = (origin = 'contact')),
  check (direction = 'outbound' or (provider_key is not null and state is null and attempt_id is null)),
  check ((state = 'queued') <= (due_at is not null)),
  check (state <> 'sending' or attempt_id is not null)
);
create unique index messages_once on messages (conversation_id, provider_key) where provider_key is not null;
create unique index messages_by_attempt on messages (attempt_id) where attempt_id is not null;
create index messages_in_order on messages (conversation_id, id);
create index messages_queued on messages (due_at, id) where state = 'queued';
select protect('messages', 'select, insert, update, delete', 'select, insert, update, delete');

-- What people sent and nobody has applied yet: as callback_inbox, written before the carrier gets its answer.
create table inbound_inbox (
  id bigint generated always as identity primary key,
  workspace_id bigint not null,
  channel_id text not null,
  -- of one person on one channel always the same: who holds a part applies it in order
  part smallint not null check (part between 0 and 15),
  said jsonb not null,
  received_at timestamptz not null,
  -- a message nobody could apply must not hold up its part for ever
  tries smallint not null default 0,
  retry_at timestamptz
);
create index inbound_inbox_in_order on inbound_inbox (part, id);
select protect('inbound_inbox', '', 'select, delete, update');

create function keep_inbound(kept jsonb) returns void
  language sql volatile security definer set search_path = campana
  begin atomic
    insert into campana.inbound_inbox (workspace_id, channel_id, part, said, received_at)
    select workspace_id, channel_id, part, said, received_at
    from jsonb_to_recordset(kept) as g (workspace_id bigint, channel_id text, part smallint, said jsonb, received_at timestamptz);
  end;
revoke all on function keep_inbound from public;
grant execute on function keep_inbound to campana_web, campana_engine;

-- Who said STOP, of suppressions made by that; START by the same person lifts these and no others.
alter table suppressions add column stopped_by text;
create index suppressions_by_stop on suppressions (workspace_id, stopped_by) where stopped_by is not null;

-- What a channel answers to STOP, START and HELP, as written.
create table channel_keywords (
  channel_id text primary key references channels on delete cascade,
  workspace_id bigint not null references workspaces,
  document jsonb not null,
  updated_at timestamptz not null
);
select protect('channel_keywords', 'select, insert, update, delete', 'select');

-- An attempt of a conversation has neither campaign nor target: its message is what it was made for.
alter table attempts alter column campaign_id drop not null;
alter table attempts alter column target_id drop not null;
-- It keeps nobody else away: an answer may go while a campaign's message is still on its way, and after it.
drop index if exists attempts_open_address;
create unique index attempts_open_address on attempts (workspace_id, address)
  where state not in ('ended', 'unknown') and let_go_at is null and target_id is not null;
alter table attempts add constraint attempts_for_something check ((campaign_id is null) = (target_id is null));

-- Templates --------------------------------------------------------------------------------------

create table templates (
  id text primary key,
  workspace_id bigint not null references workspaces,
  name text not null check (length(name) between 1 and 200),
  channel_type text not null check (channel_type in ('WhatsApp', 'SMS', 'Email')),
  draft jsonb not null,
  -- the newest published version; null: none yet
  published integer,
  -- what the provider says of it, where a provider is asked; kept by whoever asks
  provider_status text check (provider_status in ('pending', 'approved', 'rejected', 'paused')),
  provider_reason text,
  provider_ref text,
  provider_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (workspace_id, name),
  check ((provider_status is null) = (provider_at is null))
);
create index templates_newest on templates (workspace_id, created_at desc, id desc);
select protect('templates', 'select, insert, update, delete', 'select, insert, update');

-- Immutable: no role may change or remove what was published, and maybe sent.
create table template_versions (
  template_id text not null references templates on delete restrict,
  number integer not null check (number >= 1),
  workspace_id bigint not null,
  content jsonb not null,
  published_at timestamptz not null,
  primary key (template_id, number)
);
select protect('template_versions', 'select, insert', 'select');

-- Variants ---------------------------------------------------------------------------------------

-- Held out of a comparison: enrolled, counted, and never contacted.
alter table targets drop constraint if exists targets_disposition_check;
alter table targets add constraint targets_disposition_check check (disposition in (
  'completed', 'hung_up', 'delivered', 'undelivered', 'busy', 'no_answer', 'voicemail', 'callback_request',
  'opt_out', 'declined', 'invalid_number', 'blocked', 'congestion', 'carrier_error', 'cancelled',
  'not_sent', 'unknown', 'suppressed', 'no_consent', 'duplicate', 'zone_unknown', 'number_refused',
  'country_not_allowed', 'no_address', 'price_unknown', 'expired', 'held_out'));
alter table attempts drop constraint if exists attempts_disposition_check;
alter table attempts add constraint attempts_disposition_check check (disposition in (
  'completed', 'hung_up', 'delivered', 'undelivered', 'busy', 'no_answer', 'voicemail', 'callback_request',
  'opt_out', 'declined', 'invalid_number', 'blocked', 'congestion', 'carrier_error', 'cancelled',
  'not_sent', 'unknown', 'suppressed', 'no_consent', 'duplicate', 'zone_unknown', 'number_refused',
  'country_not_allowed', 'no_address', 'price_unknown', 'expired', 'held_out'));

reset role;

-- migrate:down
