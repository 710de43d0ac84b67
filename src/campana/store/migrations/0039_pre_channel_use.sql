-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Nothing is begun on a channel that is paused. Who paused it and why stands here, where the claim reads it.
alter table channels
  add column paused_at timestamptz,
  add column paused_by text,
  add column pause_reason text check (length(pause_reason) between 1 and 300),
  add constraint channels_paused_by_somebody check ((paused_at is null) = (paused_by is null));

create table channel_actions (
  id bigint generated always as identity primary key,
  workspace_id bigint not null references workspaces,
  channel_id text not null references channels on delete cascade,
  action text not null check (action in ('pause', 'resume')),
  -- a key, a person of the console or somebody at the command line, in words
  actor text not null,
  at timestamptz not null,
  reason text
);
create index channel_actions_newest on channel_actions (channel_id, id desc);
select protect('channel_actions', 'select, insert', 'select, insert');

-- Test messages and test calls. Each is a message of a conversation or a campaign of one person and goes the way of
-- those; this says only that it was one, and who asked. Whom it went to stands there, and goes with that.
create table channel_tests (
  id bigint generated always as identity primary key,
  workspace_id bigint not null references workspaces,
  channel_id text not null references channels on delete cascade,
  message_id bigint references messages on delete cascade,
  campaign_id text references campaigns on delete cascade,
  asked_by text not null,
  at timestamptz not null,
  -- of a form that may be sent twice: both mean one test
  form text,
  unique (channel_id, form),
  check (message_id is null or campaign_id is null)
);
create index channel_tests_newest on channel_tests (channel_id, id desc);
create index channel_tests_message on channel_tests (message_id);
create index channel_tests_campaign on channel_tests (campaign_id);
select protect('channel_tests', 'select, insert, update, delete', 'select, insert, update, delete');

reset role;

-- migrate:down
