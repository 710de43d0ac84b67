-- Attempts: committed before the network is touched, moved by events, closed once.

-- name: open
-- The intents of one claim: attempts, targets and due rows change together or not at all. An address that
-- has an open attempt (another campaign was quicker) is refused by the unique index and not returned.
with given as (
  select * from unnest(%(ids)s::uuid[], %(target_ids)s::bigint[], %(attempt_nos)s::integer[], %(addresses)s::text[],
    %(details)s::text[]::jsonb[]) as g (id, target_id, attempt_no, address, detail)),
made as (
  insert into attempts (id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address, state, owner_id, created_at, trunk)
  select id, %(workspace_id)s, %(campaign_id)s, target_id, %(channel_id)s, attempt_no, address, 'intent', %(owner_id)s, %(now)s,
    -- the trunk whose line was promised to this owner
    (select g.trunk from grants g where g.channel_id = %(channel_id)s and g.owner_id = %(owner_id)s)
  from given
  -- in one order everywhere: two claims that want the same addresses wait for each other, never in a circle
  order by address
  on conflict do nothing
  returning id, workspace_id, target_id, attempt_no),
busy as (
  update targets t set state = 'attempting', attempt_count = made.attempt_no from made where t.id = made.target_id),
taken as (
  delete from due d using made where d.target_id = made.target_id),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at, detail)
  select made.workspace_id, made.id, 'intent', %(now)s, given.detail from made join given on given.id = made.id)
select id from made;

-- name: receive
-- A call that came in and is about to be answered: written as sending, for the network is touched next. A target that
-- had something to say says it later. An address that has an open attempt is refused by the unique index.
with made as (
  insert into attempts (id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address, state, owner_id, created_at,
    sending_at, trunk, direction)
  select %(id)s, t.workspace_id, t.campaign_id, t.id, %(channel_id)s, t.attempt_count + 1, %(address)s, 'sending', %(owner_id)s, %(now)s,
    %(now)s, %(trunk)s, 'inbound'
  from targets t where t.id = %(target_id)s
  on conflict do nothing
  returning id, workspace_id, target_id, attempt_no),
busy as (
  update targets t set state = 'attempting', attempt_count = made.attempt_no from made where t.id = made.target_id),
taken as (
  delete from due d using made where d.target_id = made.target_id),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at, detail)
  select workspace_id, id, type, %(now)s, '{"direction": "inbound"}'::jsonb from made, unnest(array['intent', 'sending']) type),
call as (
  insert into voice_calls (attempt_id, workspace_id, from_number, to_number)
  select id, workspace_id, %(address)s, %(to_number)s from made)
select attempt_no from made;

-- name: is_in_contact
-- Is anybody of ours in contact with one of these addresses now? Index attempts_open_address.
select exists (select from attempts
  where workspace_id = %(workspace_id)s and address = any(%(addresses)s) and disposition is null
    and let_go_at is null and target_id is not null);

-- name: begin_sending
-- The last commit before the network: only its owner may make it, only once.
with sent as (
  update attempts set state = 'sending', sending_at = %(now)s
  where id = %(id)s and owner_id = %(owner_id)s and state = 'intent' and hang_up_at is null
  returning id, workspace_id, address),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at) select workspace_id, id, 'sending', %(now)s from sent),
call as (
  insert into voice_calls (attempt_id, workspace_id, from_number, to_number)
  select id, workspace_id, %(from_number)s, address from sent)
select id from sent;

-- name: lock
-- The attempt, held while an event is applied.
select id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address, state, disposition, owner_id,
  created_at, sending_at, answered_at, ended_at, reason, ask_at, session_id, message_no, let_go_at, direction
from attempts where id = %(id)s for no key update;

-- name: add_event
-- Append-only; what means nothing to the state is kept all the same.
insert into attempt_events (workspace_id, attempt_id, type, at, detail)
values (%(workspace_id)s, %(attempt_id)s, %(type)s, %(at)s, %(detail)s);

-- name: move
-- Not closed yet: how far it has come.
update attempts set state = %(state)s, answered_at = coalesce(answered_at, %(answered_at)s) where id = %(id)s;

-- name: close
-- Closed, with its outcome. A late report may close an unknown attempt again, with what really happened.
update attempts set state = %(state)s, disposition = %(disposition)s, reason = %(reason)s, ended_at = %(ended_at)s,
  answered_at = coalesce(answered_at, %(answered_at)s)
where id = %(id)s and state <> 'ended'
returning id;

-- name: describe_call
-- What the voice worker knows at the end of a call.
update voice_calls set sip_status = %(sip_status)s, talk_seconds = %(talk_seconds)s, keys = %(keys)s, saved = %(saved)s,
  result = %(result)s, transcript = %(transcript)s, recording_key = %(recording_key)s, answers = %(answers)s,
  questions = %(questions)s, answered_by = %(answered_by)s, has_left_message = %(has_left_message)s,
  callback_at = %(callback_at)s, transfers = %(transfers)s, model = %(model)s, quality = %(quality)s,
  endpoints = %(endpoints)s
where attempt_id = %(attempt_id)s;

-- name: newest_unsent
-- When the youngest attempt of a campaign that has shown no sign of the network yet was written: a pause
-- waits until it is too old to be sent. Marked as sending is not sent: the program may be between the two.
-- One that moved to another trunk may be sent again.
select max(greatest(created_at, moved_at)) from attempts
where campaign_id = %(campaign_id)s and state in ('intent', 'sending') and greatest(created_at, moved_at) <= %(before)s;

-- name: newest_unsent_on
-- The same of all campaigns on a channel; index attempts_open_channel.
select max(greatest(created_at, moved_at)) from attempts
where channel_id = %(channel_id)s and state in ('intent', 'sending') and greatest(created_at, moved_at) <= %(before)s;

-- name: move_to_trunk
-- Its trunk turned it away before anybody's telephone rang: the same attempt goes out on another.
with moved as (
  update attempts set trunk = %(trunk)s, moved_at = %(now)s
  where id = %(id)s and owner_id = %(owner_id)s and state = 'sending' and hang_up_at is null
  returning id, workspace_id),
told as (
  insert into attempt_events (workspace_id, attempt_id, type, at, detail)
  select workspace_id, id, 'sending', %(now)s, jsonb_build_object('trunk', %(trunk)s::text) from moved)
select id from moved;

-- name: open_of_campaign
-- Those that may still be ordered to end; index attempts_open_campaign.
select id from attempts where campaign_id = %(campaign_id)s and state not in ('ended', 'unknown') and hang_up_at is null;

-- name: order_hang_up
-- Whoever holds these obeys within a second; what is not sent yet never will be. Locked in the order of their ids:
-- two who stop the same campaign at once must not wait for each other.
update attempts set hang_up_at = %(now)s
where id in (select id from attempts
  where id = any(%(ids)s) and state not in ('ended', 'unknown') and hang_up_at is null
  order by id for update);

-- name: hang_up_orders
-- Those of a worker's open attempts that are to end now; index attempts_open_owner.
select id from attempts
where owner_id = %(owner_id)s and state not in ('ended', 'unknown') and hang_up_at is not null;

-- name: newest_unsent_to
-- The same of one address, in every campaign and conversation; index attempts_by_address.
select max(greatest(created_at, moved_at)) from attempts
where workspace_id = %(workspace_id)s and address = %(address)s and state in ('intent', 'sending') and let_go_at is null;

-- name: orphan_owners
-- Owners of open attempts that are old enough to be asked about; index attempts_open_owner. Owner 0 is
-- nobody: those attempts end by their carrier's word.
select distinct owner_id from attempts
where state not in ('ended', 'unknown') and owner_id > 0 and created_at < %(before)s
order by owner_id;

-- name: open_of_owner
-- What an owner left open, oldest first.
select id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address, state, disposition, owner_id,
  created_at, sending_at, answered_at, ended_at, reason, ask_at, session_id, message_no, let_go_at, direction
from attempts where owner_id = %(owner_id)s and state not in ('ended', 'unknown') and created_at < %(before)s
order by created_at, id;

-- name: adopt
-- A worker that lost its session takes over its own attempts under its new id, unless the sweeper was quicker.
update attempts set owner_id = %(new_owner_id)s
where owner_id = any(%(old_owner_ids)s) and id = any(%(ids)s) and state not in ('ended', 'unknown')
returning id;

-- name: of_target
-- Every attempt of a target, first to last.
select id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address, state, disposition, owner_id,
  created_at, sending_at, answered_at, ended_at, reason, ask_at, session_id, message_no, let_go_at, direction
from attempts where target_id = %(target_id)s order by attempt_no;

-- name: events
-- What happened to these attempts, in the order it did: a carrier's report may be written before our own word.
select attempt_id, type, at, detail from attempt_events where attempt_id = any(%(ids)s) order by at, id;
