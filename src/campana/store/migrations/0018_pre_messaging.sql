-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Every word of what becomes of an attempt or a person.
alter table attempts drop constraint if exists attempts_disposition_check;
alter table attempts add constraint attempts_disposition_check check (disposition in (
  'completed', 'hung_up', 'delivered', 'undelivered', 'busy', 'no_answer', 'voicemail', 'callback_request',
  'opt_out', 'declined', 'invalid_number', 'blocked', 'congestion', 'window_closed', 'held_back', 'carrier_error', 'cancelled',
  'not_sent', 'unknown', 'suppressed', 'no_consent', 'duplicate', 'zone_unknown', 'number_refused',
  'country_not_allowed', 'no_address', 'price_unknown', 'expired', 'held_out'));
alter table targets drop constraint if exists targets_disposition_check;
alter table targets add constraint targets_disposition_check check (disposition in (
  'completed', 'hung_up', 'delivered', 'undelivered', 'busy', 'no_answer', 'voicemail', 'callback_request',
  'opt_out', 'declined', 'invalid_number', 'blocked', 'congestion', 'window_closed', 'held_back', 'carrier_error', 'cancelled',
  'not_sent', 'unknown', 'suppressed', 'no_consent', 'duplicate', 'zone_unknown', 'number_refused',
  'country_not_allowed', 'no_address', 'price_unknown', 'expired', 'held_out'));

-- What its provider limits besides its pace, written from the config: a claim reads it without opening a secret.
alter table channels
  add column portfolio text,
  add column portfolio_limit integer check (portfolio_limit >= 1),
  add column pair_seconds double precision check (pair_seconds > 0),
  add check (portfolio_limit is null or portfolio is not null);

-- Channels whose provider counts the people they write to first, together: the row every such claim locks.
create table portfolios (
  workspace_id bigint not null references workspaces,
  name text not null,
  -- how many stand in portfolio_recipients: kept, so that no claim counts them
  recipients integer not null default 0 check (recipients >= 0),
  primary key (workspace_id, name)
);
select protect('portfolios', 'select', 'select, insert, update');

-- The people a portfolio wrote to first in the last 24 hours, and when last; older rows go with the next claim.
create table portfolio_recipients (
  workspace_id bigint not null,
  name text not null,
  address text not null,
  at timestamptz not null,
  primary key (workspace_id, name, address),
  foreign key (workspace_id, name) references portfolios on delete cascade
);
create index portfolio_recipients_oldest on portfolio_recipients (workspace_id, name, at);
select protect('portfolio_recipients', 'select', 'select, insert, update, delete');

reset role;

-- migrate:down
