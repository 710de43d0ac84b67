-- Recordings of calls.

-- name: of_attempts
-- Also those without a key: a call that was killed leaves what it had written so far.
select v.attempt_id, a.campaign_id, v.recording_key from voice_calls v join attempts a on a.id = v.attempt_id
where v.attempt_id = any(%(attempt_ids)s);
