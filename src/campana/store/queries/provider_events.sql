-- What carriers said of attempts, in their own words; a part of the attempts' histories.

-- name: is_of_campaign
-- Whether there is such an attempt, made by a campaign.
select exists (select from attempts
  where workspace_id = %(workspace_id)s and id = %(attempt_id)s and campaign_id is not null);

-- name: page
-- Of one attempt in the order they were written down, from behind `after`; index attempt_events_pkey.
select id, attempt_id, type, at, received_at, body from attempt_events
where workspace_id = %(workspace_id)s and attempt_id = %(attempt_id)s and id > %(after)s and body is not null
order by id limit %(limit)s;

-- name: of_attempts
-- The first of several attempts.
select id, attempt_id, type, at, received_at, body from attempt_events
where workspace_id = %(workspace_id)s and attempt_id = any(%(attempt_ids)s) and body is not null
order by id limit %(limit)s;
