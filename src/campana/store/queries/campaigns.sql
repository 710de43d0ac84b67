-- Campaigns as people see and change them. `state` is read through campaign_state_at(): past its end
-- date a launched campaign is expired, whether or not anybody has written that yet.

-- name: insert
-- Through here go the API, the command line and every test.
insert into campaigns (id, workspace_id, name, description, type, channel_type, state, start_date, end_date,
  created_at, updated_at, list_id, channel_id, keep_open, document, launched_at)
values (%(id)s, %(workspace_id)s, %(name)s, %(description)s, %(type)s, %(channel_type)s, %(state)s, %(start_date)s,
  %(end_date)s, %(created_at)s, %(created_at)s, %(list_id)s, %(channel_id)s, %(keep_open)s, %(document)s, %(launched_at)s);

-- name: get
-- One campaign; row level security makes another workspace's absent.
select id, workspace_id, name, description, type, channel_type, campaign_state_at(state, end_date, %(now)s) as state,
  start_date, end_date, created_at, updated_at, version, list_id, channel_id, keep_open, archived, launched_at, finished_at,
  state_reason, resume_at, running_since, document
from campaigns where id = %(id)s;

-- name: lock
-- The same, holding the row: whoever changes a campaign waits for claims in progress, which share-lock it. A row
-- can be shared by one after another without an end; the advisory lock before it has a queue, in which nobody who
-- comes later is first. Who stands still with it for two seconds has changed nothing: others wait, to pause it too.
select id, workspace_id, name, description, type, channel_type, campaign_state_at(state, end_date, %(now)s) as state,
  start_date, end_date, created_at, updated_at, version, list_id, channel_id, keep_open, archived, launched_at, finished_at,
  state_reason, resume_at, running_since, document
from (select pg_advisory_xact_lock(%(gate)s, hashtext(%(id)s)), set_config('idle_in_transaction_session_timeout', '2s', true)
  offset 0) gate, campaigns
where id = %(id)s for no key update of campaigns;

-- name: page
-- Newest first, ties by id; index campaigns_newest gives the order without a sort. The nine keys of the
-- contract and nothing more, so that a page stays narrow.
select id, name, description, type, campaign_state_at(state, end_date, %(now)s) as state, channel_type,
  start_date, end_date, created_at
from campaigns
where workspace_id = %(workspace_id)s
  and (%(states)s::text[] is null or campaign_state_at(state, end_date, %(now)s) = any(%(states)s))
  and (%(channel_type)s::text is null or channel_type = %(channel_type)s)
  and (%(date_from)s::timestamptz is null or start_date >= %(date_from)s)
  and (%(date_to)s::timestamptz is null or start_date <= %(date_to)s)
order by created_at desc, id
limit %(limit)s offset %(offset)s;

-- name: count
-- True at the moment of asking (index campaigns_counted); also when the next end date will change a status
-- without a write (the first entry of campaigns_ending that lies ahead).
select count(*) as total,
  (select min(end_date) from campaigns
   where workspace_id = %(workspace_id)s and state in ('running', 'paused', 'tripped') and end_date >= %(now)s) as next_change
from campaigns
where workspace_id = %(workspace_id)s
  and (%(states)s::text[] is null or campaign_state_at(state, end_date, %(now)s) = any(%(states)s))
  and (%(channel_type)s::text is null or channel_type = %(channel_type)s)
  and (%(date_from)s::timestamptz is null or start_date >= %(date_from)s)
  and (%(date_to)s::timestamptz is null or start_date <= %(date_to)s);

-- name: update
-- Everything a PATCH may change; the caller holds the row and has compared the version.
update campaigns set name = %(name)s, description = %(description)s, type = %(type)s, channel_type = %(channel_type)s,
  start_date = %(start_date)s, end_date = %(end_date)s, list_id = %(list_id)s, channel_id = %(channel_id)s,
  keep_open = %(keep_open)s, document = %(document)s, updated_at = %(now)s, version = version + 1
where id = %(id)s;

-- name: set_state
-- An action or the engine's finding; launched_at keeps its first meaning, running_since its last. A test call whose
-- campaign has ended is archived; what runs again is not.
update campaigns set state = %(state)s, updated_at = %(now)s, version = version + 1,
  state_reason = %(reason)s, resume_at = %(resume_at)s,
  running_since = case when %(state)s = 'running' then %(now)s else running_since end,
  launched_at = case when %(state)s = 'running' then coalesce(launched_at, %(now)s) else launched_at end,
  finished_at = case when %(state)s in ('completed', 'cancelled', 'expired') then %(now)s end,
  archived = %(state)s <> 'running' and (archived or (%(state)s in ('completed', 'cancelled', 'expired')
    and exists (select from channel_tests x where x.campaign_id = campaigns.id)))
where id = %(id)s;

-- name: set_archived
-- Out of the list people look at, or back in it.
update campaigns set archived = %(archived)s, updated_at = %(now)s, version = version + 1 where id = %(id)s;

-- name: delete_draft
-- Only what was never launched can vanish; its rows elsewhere do not exist yet.
delete from campaigns where id = %(id)s and state = 'draft' returning id;

-- name: seem_finished
-- Candidates for the next statement, held: who brings people back holds the row too, so that a campaign is
-- never completed on a snapshot that is older than a retry.
select c.id from campaigns c
where c.state = 'running' and not c.keep_open
  and exists (select from enrollments e where e.campaign_id = c.id)
  and not exists (select from enrollments e where e.campaign_id = c.id and e.finished_at is null)
  and not exists (select from due d where d.campaign_id = c.id)
  and not exists (select from flow_sessions s join targets t on t.id = s.target_id
    where s.campaign_id = c.id and s.is_current and t.state = 'talking')
  and not exists (select from attempts a where a.campaign_id = c.id and a.state not in ('ended', 'unknown'))
order by c.id for no key update skip locked;

-- name: complete_finished
-- Completed is a fact of the ledger: everybody enrolled, nobody waiting (due), nobody being contacted. Never an
-- idle timer. Asked again behind the lock, with a snapshot of its own. A test call is archived then.
update campaigns c set state = 'completed', finished_at = %(now)s, updated_at = %(now)s, version = version + 1,
  archived = archived or exists (select from channel_tests x where x.campaign_id = c.id)
where c.id = any(%(ids)s) and c.state = 'running' and not c.keep_open
  and exists (select from enrollments e where e.campaign_id = c.id)
  and not exists (select from enrollments e where e.campaign_id = c.id and e.finished_at is null)
  and not exists (select from due d where d.campaign_id = c.id)
  and not exists (select from flow_sessions s join targets t on t.id = s.target_id
    where s.campaign_id = c.id and s.is_current and t.state = 'talking')
  and not exists (select from attempts a where a.campaign_id = c.id and a.state not in ('ended', 'unknown'))
returning c.id;

-- name: past_end
-- Launched campaigns whose end date has passed and whose waiting targets must be closed; skips those another worker
-- holds. Index campaigns_ending.
select id from campaigns
where state in ('running', 'paused', 'tripped') and end_date < %(now)s
order by id limit 100 for no key update skip locked;

-- name: runnable
-- What a dispatcher of these channels may choose from; index campaigns_running.
select c.id, c.workspace_id, c.channel_id, c.document, c.start_date, c.end_date
from campaigns c
where c.state = 'running' and c.channel_id = any(%(channel_ids)s)
  and (c.start_date is null or c.start_date <= %(now)s) and (c.end_date is null or c.end_date > %(now)s)
order by c.id;

-- name: share
-- A claim reads the state under a share lock: a pause waits for it, and a later claim sees the pause.
-- A campaign somebody is changing right now, or waits to, is skipped, not waited for. What is claimed may be sent for the
-- send deadline: nothing is in the last of it before the end. Nothing is claimed on a channel that is paused.
select c.document, w.policy, h.contact_window,
  exists (select from prices p where p.workspace_id = c.workspace_id),
  coalesce(v.watched_at, c.launched_at), w.erasure_key
from (select pg_try_advisory_xact_lock_shared(%(gate)s, hashtext(%(id)s)) as is_open offset 0) gate, campaigns c
join workspaces w on w.workspace_id = c.workspace_id
left join channels h on h.id = coalesce(%(channel_id)s::text, c.channel_id)
left join watches v on v.campaign_id = c.id
where gate.is_open and c.id = %(id)s and c.state = 'running' and h.paused_at is null
  and (c.start_date is null or c.start_date <= %(now)s)
  and (c.end_date is null or c.end_date > %(now)s + interval '600 milliseconds')
for share of c skip locked;

-- name: progress
-- Targets by state and disposition: what `expand=progress` and `/stats` show.
select state, disposition, count(*) from targets where campaign_id = %(id)s group by state, disposition;

-- name: attempt_counts
-- Attempts by outcome, and the seconds talked; open attempts have no disposition yet.
select a.disposition, count(*), coalesce(sum(v.talk_seconds), 0)
from attempts a left join voice_calls v on v.attempt_id = a.id
where a.campaign_id = %(id)s group by a.disposition;

-- name: retries
-- How many attempts repeat an earlier one of their target: with the same message, where a flow has several. What
-- never touched the network neither repeats nor is repeated. The campaign is said of both, so that neither is looked
-- for among all there are.
select count(*) from attempts a
where a.campaign_id = %(id)s and a.attempt_no > 1 and a.disposition is distinct from 'not_sent'
  and exists (select from attempts e
    where e.campaign_id = %(id)s and e.target_id = a.target_id and e.attempt_no < a.attempt_no
      and e.message_no is not distinct from a.message_no and e.disposition is distinct from 'not_sent');

-- name: share_state
-- Settling a target asks whether its campaign still goes on, and makes a cancel wait for the answer.
select campaign_state_at(state, end_date, %(now)s), document
from (select pg_advisory_xact_lock_shared(%(gate)s, hashtext(%(id)s)) offset 0) gate, campaigns
where id = %(id)s for share of campaigns;
