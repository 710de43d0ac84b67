-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- A call that was handed over to somebody who took it has an outcome of its own.
alter table attempts drop constraint if exists attempts_disposition_check;
alter table attempts add constraint attempts_disposition_check check (disposition in (
  'completed', 'transferred', 'hung_up', 'delivered', 'undelivered', 'busy', 'no_answer', 'voicemail', 'callback_request',
  'opt_out', 'declined', 'invalid_number', 'blocked', 'congestion', 'window_closed', 'held_back', 'carrier_error', 'cancelled',
  'not_sent', 'unknown', 'suppressed', 'no_consent', 'duplicate', 'zone_unknown', 'number_refused',
  'country_not_allowed', 'no_address', 'price_unknown', 'expired', 'held_out'));
alter table targets drop constraint if exists targets_disposition_check;
alter table targets add constraint targets_disposition_check check (disposition in (
  'completed', 'transferred', 'hung_up', 'delivered', 'undelivered', 'busy', 'no_answer', 'voicemail', 'callback_request',
  'opt_out', 'declined', 'invalid_number', 'blocked', 'congestion', 'window_closed', 'held_back', 'carrier_error', 'cancelled',
  'not_sent', 'unknown', 'suppressed', 'no_consent', 'duplicate', 'zone_unknown', 'number_refused',
  'country_not_allowed', 'no_address', 'price_unknown', 'expired', 'held_out'));
alter table attempt_events drop constraint if exists attempt_events_type_check;
alter table attempt_events add constraint attempt_events_type_check check (type in (
  'intent', 'sending', 'ringing', 'early_media', 'accepted', 'answered', 'said', 'heard', 'key', 'transferring',
  'transfer_ended', 'ended', 'complained', 'lost'));

-- Each transfer that was asked for in a call, in order: [{step, to, outcome, status, atMs}].
alter table voice_calls add column transfers jsonb not null default '[]';

reset role;

-- migrate:down
