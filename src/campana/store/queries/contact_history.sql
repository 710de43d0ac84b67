-- What is known to have happened to a person, one query a kind (SOURCES in `contact_history.py`). Each answers with
-- the same columns, newest first, before a place in the whole: moment and id.

-- name: attempts
-- Every try on every channel, with its outcome; targets_of_contact, then the attempts of each.
select a.created_at as at, 'attempt' as kind, ('att_' || replace(a.id::text, '-', '')) collate "C" as id, a.campaign_id, ch.channel_type,
  a.channel_id, a.address, coalesce(a.disposition, a.state) as outcome, a.reason,
  jsonb_build_object('targetId', 'tgt_' || a.target_id, 'attemptNumber', a.attempt_no, 'direction', a.direction, 'state', a.state,
    'sendingAt', wire(a.sending_at), 'answeredAt', wire(a.answered_at), 'endedAt', wire(a.ended_at),
    'talkSeconds', v.talk_seconds, 'result', v.result, 'hasRecording', v.recording_key is not null) as detail
from targets t join attempts a on a.target_id = t.id
left join channels ch on ch.id = a.channel_id left join voice_calls v on v.attempt_id = a.id
where t.workspace_id = %(workspace_id)s and t.contact_id = %(contact_id)s
  and (%(before_at)s::timestamptz is null
    or (a.created_at, 'att_' || replace(a.id::text, '-', '')) < (%(before_at)s, %(before_id)s collate "C"))
order by at desc, id desc limit %(limit)s;

-- name: decisions
-- Why the person was not contacted; one that repeats itself is one entry, at its last time.
select d.last_at as at, 'decision' as kind, ('dec_' || d.id) collate "C" as id, t.campaign_id, null as channel_type, null as channel_id,
  t.address, d.kind as outcome, d.reason,
  jsonb_build_object('targetId', 'tgt_' || t.id, 'firstAt', wire(d.first_at), 'times', d.times, 'until', wire(d.until)) as detail
from targets t join target_decisions d on d.target_id = t.id
where t.workspace_id = %(workspace_id)s and t.contact_id = %(contact_id)s
  and (%(before_at)s::timestamptz is null or (d.last_at, 'dec_' || d.id) < (%(before_at)s, %(before_id)s collate "C"))
order by at desc, id desc limit %(limit)s;

-- name: consents
-- What was said about each address the person has; consents_by_address.
select k.said_at as at, 'consent' as kind, k.id collate "C" as id, null as campaign_id, k.channel_type, null as channel_id, k.address,
  case when k.is_granted then 'granted' else 'revoked' end as outcome, k.source as reason,
  jsonb_build_object('wording', k.wording, 'expiresAt', wire(k.expires_at)) as detail
from consents k
where k.workspace_id = %(workspace_id)s
  and k.address in (select a.value from contact_addresses a where a.contact_id = %(contact_id)s)
  and (%(before_at)s::timestamptz is null or (k.said_at, k.id) < (%(before_at)s, %(before_id)s collate "C"))
order by at desc, id desc limit %(limit)s;

-- name: suppressions
-- Those that hold or held of each address the person has; suppressions_by_address.
select s.created_at as at, 'suppression' as kind, s.id collate "C" as id, s.campaign_id, s.channel_type, null as channel_id, s.address,
  'suppressed' as outcome, s.reason,
  jsonb_build_object('scope', s.scope, 'source', s.source, 'expiresAt', wire(s.expires_at)) as detail
from suppressions s
where s.workspace_id = %(workspace_id)s
  and s.address in (select a.value from contact_addresses a where a.contact_id = %(contact_id)s)
  and (%(before_at)s::timestamptz is null or (s.created_at, s.id) < (%(before_at)s, %(before_id)s collate "C"))
order by at desc, id desc limit %(limit)s;

-- name: messages
-- What was written in the person's conversations, both ways; each found by its channel and the address.
select m.at, 'message' as kind, ('msg_' || m.id) collate "C" as id, m.campaign_id, ch.channel_type, cv.channel_id, cv.address,
  m.direction as outcome, m.problem as reason,
  jsonb_build_object('conversationId', cv.id, 'origin', m.origin, 'kind', m.kind, 'text', m.text, 'subject', m.subject) as detail
from channels ch
join conversations cv on cv.workspace_id = ch.workspace_id and cv.channel_id = ch.id
  and cv.address in (select a.value from contact_addresses a where a.contact_id = %(contact_id)s)
join messages m on m.conversation_id = cv.id
where ch.workspace_id = %(workspace_id)s
  and (%(before_at)s::timestamptz is null or (m.at, 'msg_' || m.id) < (%(before_at)s, %(before_id)s collate "C"))
order by at desc, id desc limit %(limit)s;
