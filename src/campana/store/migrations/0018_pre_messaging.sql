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

reset role;

-- migrate:down
