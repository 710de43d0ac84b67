-- The ledger whole, for a checker of rehearsals.

-- name: attempts
-- In the order they were made. What was ever lost sight of stays so, whatever a late report made of it.
select a.id, a.campaign_id, a.target_id, t.contact_id, a.attempt_no, a.address, c.zones, a.state, a.disposition, a.created_at, a.ended_at,
  exists (select from attempt_events e where e.attempt_id = a.id and e.type = 'lost')
from attempts a join targets t on t.id = a.target_id join contacts c on c.id = t.contact_id
order by a.created_at, a.id;

-- name: targets
-- With what their attempts and their due rows say.
select t.id, t.campaign_id, t.address, t.state, t.disposition, t.attempt_count,
  coalesce((select max(a.attempt_no) from attempts a where a.target_id = t.id), 0),
  (select count(*) from attempts a where a.target_id = t.id and a.state not in ('ended', 'unknown') and a.let_go_at is null),
  exists (select from due d where d.target_id = t.id)
from targets t order by t.id;

-- name: events
-- What others are told of attempts and targets, in the order they are told it.
select type, campaign_id, coalesce(data->>'targetId', data->>'id'), data->>'id', data->>'disposition'
from told_events where split_part(type, '.', 1) in ('attempt', 'target') order by id;

-- name: about_to_be_contacted
-- Who was claimed since then and may not have been contacted yet.
select address from attempts where state in ('intent', 'sending') and created_at >= %(since)s order by address;

-- name: open_attempts
-- In flight at this moment.
select count(*) from attempts where state not in ('ended', 'unknown');
