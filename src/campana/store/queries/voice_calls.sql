-- Voice calls as people see them: the attempt and what was said. Written by the engine (attempts.sql).

-- name: page
-- Newest first, by number or after a cursor; index attempts_newest gives the order. What was answered
-- is shown of one call only, and not read here.
select a.id, a.campaign_id, a.target_id, t.contact_id, a.channel_id, a.attempt_no, a.direction, a.state, a.disposition, a.reason,
  a.created_at, a.answered_at, a.ended_at, v.from_number, v.to_number, v.sip_status, v.talk_seconds,
  v.recording_key, v.recording_removed_at, v.transcript_removed_at, v.keys, v.saved, v.result, v.answered_by, v.has_left_message, v.callback_at,
  '[]'::jsonb as answers, 0 as questions, '[]'::jsonb as transfers, null as model, v.quality, null as endpoints, null as transcript, array_remove(array[c.first_name, c.last_name], null) as names
from attempts a join voice_calls v on v.attempt_id = a.id join targets t on t.id = a.target_id
join contacts c on c.id = t.contact_id
where a.workspace_id = %(workspace_id)s
  and (%(campaign_id)s::text is null or a.campaign_id = %(campaign_id)s)
  and (%(state)s::text is null or a.state = %(state)s)
  and (%(direction)s::text is null or a.direction = %(direction)s)
  and (%(date_from)s::timestamptz is null or a.created_at >= %(date_from)s)
  and (%(date_to)s::timestamptz is null or a.created_at <= %(date_to)s)
  and (%(after)s::uuid is null or (a.created_at, a.id) < ((select created_at from attempts where id = %(after)s), %(after)s))
order by a.created_at desc, a.id desc
limit %(limit)s offset %(offset)s;

-- name: count
-- How many match in all, cursor or not.
select count(*)
from attempts a join voice_calls v on v.attempt_id = a.id
where a.workspace_id = %(workspace_id)s
  and (%(campaign_id)s::text is null or a.campaign_id = %(campaign_id)s)
  and (%(state)s::text is null or a.state = %(state)s)
  and (%(direction)s::text is null or a.direction = %(direction)s)
  and (%(date_from)s::timestamptz is null or a.created_at >= %(date_from)s)
  and (%(date_to)s::timestamptz is null or a.created_at <= %(date_to)s);

-- name: get
-- One call, whole; row level security makes another workspace's absent. While it runs, what was said so far is in the
-- attempt's history.
select a.id, a.campaign_id, a.target_id, t.contact_id, a.channel_id, a.attempt_no, a.direction, a.state, a.disposition, a.reason,
  a.created_at, a.answered_at, a.ended_at, v.from_number, v.to_number, v.sip_status, v.talk_seconds,
  v.recording_key, v.recording_removed_at, v.transcript_removed_at, v.keys, v.saved, v.result, v.answered_by, v.has_left_message, v.callback_at,
  v.answers, v.questions, v.transfers, v.model, v.quality, v.endpoints,
  case when a.state in ('ended', 'unknown') then v.transcript else (
    select coalesce(jsonb_agg(jsonb_build_object('role', case e.type when 'said' then 'bot' else 'callee' end,
      'text', coalesce(e.detail->>'text', e.detail->>'key', ''), 'atMs', e.detail->'at_ms') order by e.id), '[]')
    from attempt_events e where e.attempt_id = a.id and e.type in ('said', 'heard', 'key')) end as transcript,
  array_remove(array[c.first_name, c.last_name], null) as names
from attempts a join voice_calls v on v.attempt_id = a.id join targets t on t.id = a.target_id
join contacts c on c.id = t.contact_id
where a.id = %(id)s and a.workspace_id = %(workspace_id)s;
