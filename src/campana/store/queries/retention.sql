-- How long what is known of people is kept, and what has become too old.

-- name: get
-- As written.
select retention from workspaces where workspace_id = %(workspace_id)s;

-- name: set
-- The next look obeys it. What is gone does not come back when it is lengthened.
update workspaces set retention = %(document)s where workspace_id = %(workspace_id)s;

-- name: all
-- What every workspace has written.
select workspace_id, retention from workspaces order by workspace_id;

-- name: mark
-- How far a class has come.
select done_at, done_id from retention_marks where workspace_id = %(workspace_id)s and class = %(class)s;

-- name: stretch
-- The next attempts that are too old, oldest first, behind the mark: attempts_newest read backwards, so that a look that
-- finds nothing is one probe, however much there is and was.
select a.id, a.created_at, a.state in ('ended', 'unknown') as is_over from attempts a
where a.workspace_id = %(workspace_id)s and a.created_at < %(before)s
  and (a.created_at, a.id) > (%(done_at)s, %(done_id)s)
order by a.created_at, a.id limit %(limit)s;

-- name: advance
-- In the transaction that forgets the stretch. Of two that look at once one moves the mark; what they forget is the same.
insert into retention_marks as m (workspace_id, class, done_at, done_id)
values (%(workspace_id)s, %(class)s, %(done_at)s, %(done_id)s)
on conflict (workspace_id, class) do update set done_at = excluded.done_at, done_id = excluded.done_id
  where (m.done_at, m.done_id) < (excluded.done_at, excluded.done_id);

-- name: forget_recordings
-- The files are gone already: the calls say so, and since when.
update voice_calls set recording_key = null, recording_removed_at = %(now)s
where attempt_id = any(%(attempt_ids)s) and recording_key is not null;

-- name: forget_transcripts
-- What was said by whom, and what was typed. What an answer came to stays, as in `saved`; its words do not.
update voice_calls set transcript = '[]', keys = '',
  answers = (select coalesce(jsonb_agg(each - 'said' order by place), '[]')
    from jsonb_array_elements(answers) with ordinality as a (each, place)),
  model = case when model is not null then jsonb_set(model, '{tools}', (
    select coalesce(jsonb_agg(each - 'arguments' - 'answer' order by place), '[]')
    from jsonb_array_elements(model->'tools') with ordinality as t (each, place))) end,
  transcript_removed_at = %(now)s
where attempt_id = any(%(attempt_ids)s) and transcript_removed_at is null;

-- name: forget_words
-- The same in the histories: that something was said stays, with its time.
select empty_attempt_events(%(attempt_ids)s::uuid[], array['said', 'heard', 'key']);

-- name: forget_messages
-- The workspace's oldest by messages_by_age, but what still waits to be sent. Their conversation goes on.
delete from messages m using (
  select id from messages
  where workspace_id = %(workspace_id)s and at < %(before)s and coalesce(state, '') not in ('queued', 'sending')
  order by at limit %(limit)s) oldest
where m.id = oldest.id;

-- name: forget_conversations
-- In which nobody has said anything since, by conversations_newest read backwards; what the person says next begins a
-- new one. One with something left to send stays, and so does one in which something is said while this waits for it.
delete from conversations c using (
  select id from conversations x
  where workspace_id = %(workspace_id)s and last_message_at < %(before)s
    and not exists (select from messages m where m.conversation_id = x.id)
  order by last_message_at limit %(limit)s) oldest
where c.id = oldest.id and c.last_message_at < %(before)s;

-- name: forget_sessions
-- Those that are over and have nothing left to send, with what they were told and said: flow_sessions_by_age.
delete from flow_sessions s using (
  select id from flow_sessions
  where workspace_id = %(workspace_id)s and status = 'ended' and not is_current and ended_at < %(before)s
  order by ended_at limit %(limit)s) oldest
where s.id = oldest.id;

-- name: forget_import_rows
-- What imports that ended before refused, what an undo would have put back, and whom one left alone. From here on
-- they cannot be undone; one whose undo is asked for meanwhile has no end, and keeps what it needs.
with old as (
  update imports set rows_removed_at = %(now)s
  where id in (
      select id from imports
      where workspace_id = %(workspace_id)s and finished_at < %(before)s and rows_removed_at is null
      order by finished_at limit %(limit)s)
    and finished_at < %(before)s
  returning id),
refused as (delete from import_errors e using old where e.import_id = old.id),
changed as (delete from import_changes j using old where j.import_id = old.id),
left_alone as (delete from import_kept k using old where k.import_id = old.id)
select count(*) from old;

-- name: forget_suppression_import_rows
-- What files of addresses nobody may contact were refused.
with old as (
  update suppression_imports set rows_removed_at = %(now)s
  where id in (
      select id from suppression_imports
      where workspace_id = %(workspace_id)s and finished_at < %(before)s and rows_removed_at is null
      order by finished_at limit %(limit)s)
  returning id),
refused as (delete from suppression_import_errors e using old where e.import_id = old.id)
select count(*) from old;

-- name: forget_events
-- Of the workspace's oldest events by number those that are too old: a look reads one stretch of the primary key.
delete from events e using (
  select id, at from events where workspace_id = %(workspace_id)s order by id limit %(limit)s) oldest
where e.workspace_id = %(workspace_id)s and e.id = oldest.id and oldest.at < %(before)s;

-- name: forget_deliveries
-- What became of their deliveries: webhook_deliveries_by_age.
delete from webhook_deliveries d using (
  select webhook_id, event_id from webhook_deliveries
  where workspace_id = %(workspace_id)s and state <> 'pending' and finished_at < %(before)s
  order by finished_at limit %(limit)s) oldest
where d.webhook_id = oldest.webhook_id and d.event_id = oldest.event_id;
