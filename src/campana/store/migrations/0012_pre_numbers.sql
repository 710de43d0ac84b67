-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- What follows from a number, kept beside it; numbers that came in before have none.
alter table contact_addresses add column number_type text check (number_type in (
  'fixed_line', 'mobile', 'fixed_line_or_mobile', 'toll_free', 'premium_rate', 'shared_cost', 'voip', 'personal_number',
  'pager', 'uan', 'voicemail'));
alter table contact_addresses add column zones text[] not null default '{}';

-- Each cost a look-up for every row of an import, a third of all that storing a person takes, and says nothing
-- of its own: a contact's list says which workspace it is in, an address's contact which list. What removes a list
-- removes its contacts, and these their addresses, as before.
alter table contacts drop constraint if exists contacts_workspace_id_fkey;
alter table contact_addresses drop constraint if exists contact_addresses_workspace_id_fkey;
alter table contact_addresses drop constraint if exists contact_addresses_list_id_fkey;

-- Files of numbers nobody may contact, on their way into `suppressions`; what every row of one gets unless
-- the row says otherwise.
create table suppression_imports (
  id text primary key,
  workspace_id bigint not null references workspaces,
  state text not null check (state in ('queued', 'running', 'done', 'failed')),
  file_name text not null,
  scope text not null check (scope in ('workspace', 'campaign', 'channel')),
  campaign_id text references campaigns on delete cascade,
  channel_type text check (channel_type in ('Voice', 'WhatsApp', 'SMS', 'Email')),
  reason text not null,
  source text not null,
  expires_at timestamptz,
  default_country text check (default_country ~ '^[A-Z]{2}$'),
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
  check ((scope = 'campaign') = (campaign_id is not null)),
  check ((scope = 'channel') = (channel_type is not null)),
  constraint rows_add_up check (rows_accepted + rows_updated + rows_duplicate + rows_rejected = rows_done)
);
create index suppression_imports_newest on suppression_imports (workspace_id, created_at desc, id desc);
select protect('suppression_imports', 'select, insert', 'select, insert, update');

create table suppression_import_errors (
  import_id text not null references suppression_imports on delete cascade,
  row_number bigint not null check (row_number >= 1),
  workspace_id bigint not null references workspaces,
  column_name text,
  value text,
  reason text not null,
  primary key (import_id, row_number)
);
select protect('suppression_import_errors', 'select', 'select, insert');

reset role;

-- migrate:down
