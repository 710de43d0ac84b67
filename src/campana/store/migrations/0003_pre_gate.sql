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

reset role;

-- migrate:down
