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

reset role;

-- migrate:down
