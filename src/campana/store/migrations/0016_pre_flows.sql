-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Definitions --------------------------------------------------------------------------------------

-- A flow is a draft that changes and versions that never do. `revision` is the ETag of the draft.
create table flows (
  id text primary key,
  workspace_id bigint not null references workspaces,
  name text not null check (length(name) between 1 and 200),
  draft jsonb not null,
  revision integer not null default 1,
  published integer check (published >= 1),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (workspace_id, name)
);
select protect('flows', 'select, insert, update, delete', 'select, insert, update, delete');

-- No role may change or remove a version: a session of years ago can be replayed.
create table flow_versions (
  flow_id text not null references flows on delete restrict,
  number integer not null check (number >= 1),
  workspace_id bigint not null references workspaces,
  hash text not null check (hash like 'sha256:%'),
  definition jsonb not null,
  created_at timestamptz not null,
  primary key (flow_id, number)
);
select protect('flow_versions', 'select, insert', 'select, insert');

-- What a webhook node may show to prove who it is, by name; sealed with a key that is not here.
create table flow_credentials (
  id text primary key,
  workspace_id bigint not null references workspaces,
  name text not null check (length(name) between 1 and 100),
  kind text not null check (kind in ('api_key', 'bearer', 'basic', 'query', 'oauth2')),
  sealed text not null,
  created_at timestamptz not null,
  unique (workspace_id, name)
);
select protect('flow_credentials', 'select, insert, delete', 'select');

-- Sessions -----------------------------------------------------------------------------------------

-- The conversation with one target. Its row is the lock under which the conversation goes on.
create table flow_sessions (
  id bigint generated always as identity primary key,
  workspace_id bigint not null references workspaces,
  campaign_id text not null references campaigns on delete cascade,
  target_id bigint not null references targets on delete cascade,
  contact_id bigint not null,
  flow_id text not null,
  flow_version integer not null,
  status text not null check (status in ('waiting', 'ended')),
  outcome text,
  -- until its target is done: a conversation that is over may have something left to send
  is_current boolean not null default true,
  session jsonb not null,
  -- the channel a message goes out on that names none: the one last spoken on
  channel_type text not null check (channel_type in ('Voice', 'WhatsApp', 'SMS', 'Email')),
  -- contact, trigger and moment it began with: with its inputs, all a replay needs
  started jsonb not null,
  inputs integer not null default 0,
  was_reached boolean not null default false,
  has_opted_out boolean not null default false,
  last_failure text,
  handed_off_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at timestamptz,
  foreign key (flow_id, flow_version) references flow_versions (flow_id, number),
  check ((status = 'ended') = (ended_at is not null))
);
create unique index flow_sessions_of_target on flow_sessions (target_id) where is_current;
create index flow_sessions_of_contact on flow_sessions (contact_id);
create index flow_sessions_of_campaign on flow_sessions (campaign_id, id);
select protect('flow_sessions', 'select', 'select, insert, update, delete');

-- What a session was told, in order, once each: `key` is the world's own name for it.
create table flow_inputs (
  session_id bigint not null references flow_sessions on delete cascade,
  number integer not null check (number >= 1),
  workspace_id bigint not null references workspaces,
  at timestamptz not null,
  told jsonb not null,
  key text,
  primary key (session_id, number)
);
create unique index flow_inputs_by_key on flow_inputs (session_id, key) where key is not null;
select protect('flow_inputs', 'select', 'select, insert');

-- What a session asked to be sent; `number` is the event's. Sent by attempts, one at a time, in order.
create table flow_messages (
  session_id bigint not null references flow_sessions on delete cascade,
  number integer not null,
  workspace_id bigint not null references workspaces,
  kind text not null check (kind in ('message', 'template', 'call')),
  channel_type text not null check (channel_type in ('Voice', 'WhatsApp', 'SMS', 'Email')),
  content jsonb not null,
  -- the wait that wants to hear what became of it
  wait integer,
  state text not null check (state in ('queued', 'attempting', 'done', 'withdrawn')),
  created_at timestamptz not null,
  primary key (session_id, number)
);
select protect('flow_messages', 'select', 'select, insert, update');

-- When a wait is over for want of anything else. Small and hot; found by its time alone.
create table flow_timers (
  session_id bigint not null references flow_sessions on delete cascade,
  wait integer not null,
  workspace_id bigint not null references workspaces,
  due_at timestamptz not null,
  primary key (session_id, wait)
);
create index flow_timers_in_order on flow_timers (due_at, session_id, wait);
select protect('flow_timers', 'select', 'select, insert, update, delete');

-- Requests that sessions wait for the answers of. Gone with the answer.
create table flow_requests (
  session_id bigint not null references flow_sessions on delete cascade,
  wait integer not null,
  workspace_id bigint not null references workspaces,
  request jsonb not null,
  -- nobody else asks before: a worker that dies leaves it to the next
  due_at timestamptz not null,
  primary key (session_id, wait)
);
create index flow_requests_in_order on flow_requests (due_at, session_id, wait);
select protect('flow_requests', 'select', 'select, insert, update, delete');

alter table contacts add column if not exists tags text[] not null default '{}';

-- On the way of a contact --------------------------------------------------------------------------

-- `talking`: a session waits; nothing is to be sent, and no attempt keeps the target.
alter table targets drop constraint if exists targets_state_check;
alter table targets add constraint targets_state_check check (state in ('waiting', 'attempting', 'talking', 'finished'));
-- Where the flow's next message goes, when that is not the target's own address.
alter table targets add column reach_address text;
create index if not exists targets_talking on targets (campaign_id) where state = 'talking';

-- The message an attempt carries; and since when the target goes on without it: the carrier has it, and what
-- becomes of it is still to come.
alter table attempts add column session_id bigint;
alter table attempts add column message_no integer;
alter table attempts add column let_go_at timestamptz;
alter table attempts add constraint let_go_is_accepted check (let_go_at is null or state not in ('intent', 'sending'));
create index if not exists attempts_of_session on attempts (session_id, message_no) where session_id is not null;
-- Never two conversations with one person at once: a message that its carrier has is a letter in the post.
drop index if exists attempts_open_address;
create unique index attempts_open_address on attempts (workspace_id, address)
  where state not in ('ended', 'unknown') and let_go_at is null;

-- The channel a group is served on, when that is not its campaign's.
alter table open_windows add column channel_id text references channels on delete cascade;
create index if not exists open_windows_by_channel on open_windows (channel_id) where channel_id is not null;

reset role;

-- migrate:down
