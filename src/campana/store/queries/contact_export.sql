-- All that is known of a person, one query a section (SECTIONS in `contact_export.py`), each one JSON list in the words
-- of the API. Nothing here is paged: it is one person's.

-- name: campaigns
-- What campaigns made of the person.
select coalesce(jsonb_agg(jsonb_build_object('targetId', 'tgt_' || t.id, 'campaignId', t.campaign_id, 'campaignName', c.name,
  'contactId', 'ctc_' || t.contact_id, 'address', t.address, 'state', t.state, 'disposition', t.disposition,
  'attemptCount', t.attempt_count, 'lastReason', t.last_reason, 'createdAt', wire(t.created_at), 'finishedAt', wire(t.finished_at))
  order by t.id), '[]')
from targets t join campaigns c on c.id = t.campaign_id
where t.workspace_id = %(workspace_id)s and t.contact_id = any(%(contact_ids)s);

-- name: attempts
-- Every try, with what was said, heard and typed; a recording is fetched by its call.
select coalesce(jsonb_agg(jsonb_build_object('id', 'att_' || replace(a.id::text, '-', ''), 'targetId', 'tgt_' || a.target_id,
  'campaignId', a.campaign_id, 'channelId', a.channel_id, 'channelType', ch.channel_type, 'attemptNumber', a.attempt_no, 'direction', a.direction,
  'address', a.address, 'state', a.state, 'disposition', a.disposition, 'reason', a.reason, 'createdAt', wire(a.created_at),
  'sendingAt', wire(a.sending_at), 'answeredAt', wire(a.answered_at), 'endedAt', wire(a.ended_at),
  'call', case when v.attempt_id is not null then jsonb_build_object('from', v.from_number, 'to', v.to_number,
    'talkSeconds', v.talk_seconds, 'keys', v.keys, 'saved', v.saved, 'result', v.result, 'transcript', v.transcript,
    'answers', v.answers, 'answeredBy', v.answered_by, 'hasLeftMessage', v.has_left_message,
    'callbackAt', wire(v.callback_at), 'transfers', v.transfers, 'model', v.model, 'quality', v.quality, 'endpoints', v.endpoints,
    'hasRecording', v.recording_key is not null, 'recordingRemovedAt', wire(v.recording_removed_at),
    'transcriptRemovedAt', wire(v.transcript_removed_at)) end,
  'events', (select coalesce(jsonb_agg(jsonb_build_object('type', e.type, 'at', wire(e.at), 'detail', e.detail,
    'body', e.body, 'receivedAt', wire(e.received_at)) order by e.id), '[]')
    from attempt_events e where e.attempt_id = a.id))
  order by a.created_at, a.id), '[]')
from targets t join attempts a on a.target_id = t.id
left join channels ch on ch.id = a.channel_id left join voice_calls v on v.attempt_id = a.id
where t.workspace_id = %(workspace_id)s and t.contact_id = any(%(contact_ids)s);

-- name: decisions
-- Why the person was not contacted.
select coalesce(jsonb_agg(jsonb_build_object('targetId', 'tgt_' || t.id, 'campaignId', t.campaign_id, 'kind', d.kind,
  'reason', d.reason, 'firstAt', wire(d.first_at), 'lastAt', wire(d.last_at), 'times', d.times, 'until', wire(d.until))
  order by d.id), '[]')
from targets t join target_decisions d on d.target_id = t.id
where t.workspace_id = %(workspace_id)s and t.contact_id = any(%(contact_ids)s);

-- name: consents
-- What the person agreed to and took back.
select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'address', k.address, 'channelType', k.channel_type,
  'isGranted', k.is_granted, 'source', k.source, 'wording', k.wording, 'saidAt', wire(k.said_at),
  'createdAt', wire(k.created_at), 'expiresAt', wire(k.expires_at)) order by k.said_at, k.id), '[]')
from consents k where k.workspace_id = %(workspace_id)s and k.address = any(%(addresses)s);

-- name: suppressions
-- Where the person is not to be contacted.
select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'address', s.address, 'scope', s.scope, 'campaignId', s.campaign_id,
  'channelType', s.channel_type, 'reason', s.reason, 'source', s.source, 'createdAt', wire(s.created_at),
  'expiresAt', wire(s.expires_at)) order by s.created_at, s.id), '[]')
from suppressions s where s.workspace_id = %(workspace_id)s and s.address = any(%(addresses)s);

-- name: messages
-- What was written, both ways, on every channel.
select coalesce(jsonb_agg(jsonb_build_object('id', 'msg_' || m.id, 'conversationId', m.conversation_id,
  'channelId', cv.channel_id, 'address', cv.address, 'direction', m.direction, 'origin', m.origin, 'kind', m.kind,
  'text', m.text, 'subject', m.subject, 'template', m.template, 'payload', m.payload, 'media', m.media, 'author', m.author,
  'at', wire(m.at)) order by m.at, m.id), '[]')
from conversations cv join messages m on m.conversation_id = cv.id
where cv.workspace_id = %(workspace_id)s
  and (cv.address = any(%(addresses)s) or cv.contact_id = any(%(contact_ids)s));

-- name: imports
-- The files that brought the person in.
select coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'listId', i.list_id, 'fileName', i.file_name,
  'createdAt', wire(i.created_at)) order by i.created_at, i.id), '[]')
from imports i where i.workspace_id = %(workspace_id)s and i.id in (
  select c.made_by from contacts c where c.id = any(%(contact_ids)s));
