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
  transcript_removed_at = %(now)s
where attempt_id = any(%(attempt_ids)s) and transcript_removed_at is null;

-- name: forget_words
-- The same in the histories: that something was said stays, with its time.
select empty_attempt_events(%(attempt_ids)s::uuid[], array['said', 'heard', 'key']);

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
