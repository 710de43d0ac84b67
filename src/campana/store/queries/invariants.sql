-- What always holds, between any two commits of anybody: each query finds what breaks it, with how many there are in
-- all. They read one snapshot, so that none of them is broken by half of a change. `invariants.py` has the sentences.

-- name: exactly_one_state
-- A due row, an open attempt or a disposition: each target has one of the three, the one its state names.
select 'target ' || t.id, format('%%s, due: %%s, open attempts: %%s, disposition: %%s', t.state, d.target_id is not null,
    coalesce(o.open, 0), coalesce(t.disposition, 'none')), count(*) over ()
from targets t
left join due d on d.target_id = t.id
left join (select target_id, count(*) as open from attempts
  where state not in ('ended', 'unknown') and let_go_at is null group by target_id) o
  on o.target_id = t.id
where (t.state = 'waiting') is distinct from (d.target_id is not null)
  or (case t.state when 'attempting' then 1 else 0 end) is distinct from coalesce(o.open, 0)
  or (t.state = 'finished') is distinct from (t.disposition is not null)
  or t.state = 'talking' and not exists (select from flow_sessions s
    where s.target_id = t.id and s.status = 'waiting' and s.is_current)
order by t.id limit %(limit)s;

-- name: attempts_counted
-- The attempts of a target are numbered from 1 without a gap, and the target knows how many.
select 'target ' || t.id, format('counts %%s, has %%s up to number %%s', t.attempt_count, coalesce(a.made, 0), coalesce(a.last, 0)),
  count(*) over ()
from targets t
left join (select target_id, count(*) as made, max(attempt_no) as last from attempts group by target_id) a on a.target_id = t.id
where t.attempt_count is distinct from coalesce(a.made, 0)::integer or coalesce(a.made, 0) is distinct from coalesce(a.last, 0)
order by t.id limit %(limit)s;

-- name: attempts_belong
-- No foreign key says so: an attempt is written with its campaign's workspace in hand (migration 0007). One whose
-- target is gone belongs nowhere.
select 'attempt ' || a.id, format('of workspace %%s and campaign %%s, its target %%s of %%s and %%s', a.workspace_id,
    a.campaign_id, a.target_id, coalesce(t.workspace_id::text, 'none'), coalesce(t.campaign_id, 'none')), count(*) over ()
from attempts a left join targets t on t.id = a.target_id
where a.target_id is not null
  and (t.workspace_id is distinct from a.workspace_id or t.campaign_id is distinct from a.campaign_id)
order by a.id limit %(limit)s;

-- name: one_conversation
-- What the unique index attempts_open_address says, asked of the rows themselves.
select 'address ' || a.address, format('%%s open attempts at once', count(*)), count(*) over ()
from attempts a where a.state not in ('ended', 'unknown') and a.let_go_at is null and a.target_id is not null
group by a.workspace_id, a.address having count(*) > 1
order by a.address limit %(limit)s;

-- name: reached_once
-- An attempt begun after one of the same target had reached the person, unless a person asked for another try since.
-- What was `unknown` and turned out to have reached after the next had begun is no fault of the next.
select 'attempt ' || later.id, format('number %%s, after number %%s ended as %%s', later.attempt_no, earlier.attempt_no,
    earlier.disposition), count(*) over ()
from attempts earlier
join attempts later on later.target_id = earlier.target_id and later.attempt_no > earlier.attempt_no
join targets t on t.id = earlier.target_id
-- A flow says more than one thing to a person: it is held to its own numbers (`flow_messages_once`).
where earlier.session_id is null and earlier.disposition = any(%(reached)s) and earlier.attempt_no > t.tries_after
  and earlier.ended_at < later.created_at
order by later.created_at, later.id limit %(limit)s;

-- name: committed_first
-- Whatever touched the network had been marked as sending before, and its history says so.
select 'attempt ' || a.id, format('%%s, marked as sending: %%s', a.state, coalesce(a.sending_at::text, 'never')), count(*) over ()
from attempts a
where case when a.sending_at is null
  then a.state not in ('intent', 'ended') or exists (
    select from attempt_events e where e.attempt_id = a.id and e.type not in ('intent', 'ended'))
  else a.sending_at < a.created_at or not exists (
    select from attempt_events e where e.attempt_id = a.id and e.type = 'sending')
  end
order by a.created_at, a.id limit %(limit)s;

-- name: ends_are_told
-- Whatever has ended has its end in its history: that is what stats, streams and webhooks are told from.
select 'attempt ' || a.id, format('is %%s, and its history has no such end', a.state), count(*) over ()
from attempts a
where a.state in ('ended', 'unknown') and not exists (
  select from attempt_events e where e.attempt_id = a.id and e.type = case a.state when 'ended' then 'ended' else 'lost' end)
order by a.created_at, a.id limit %(limit)s;

-- name: somebody_asks
-- An open attempt that is nobody's here ends by its carrier's word: then somebody must be going to ask for it.
select 'attempt ' || a.id, format('%%s, nobody''s, to be asked about: %%s', a.state, coalesce(a.ask_at::text, 'never')), count(*) over ()
from attempts a
where a.state not in ('ended', 'unknown') and a.owner_id = 0 and (a.ask_at is null or a.state = 'intent')
order by a.created_at, a.id limit %(limit)s;

-- name: orphans_taken_up
-- An open attempt whose owner is gone is taken up within seconds while any worker lives: found a minute later,
-- nobody is going to.
select 'attempt ' || a.id, format('%%s since %%s, its owner %%s is gone', a.state, a.created_at, a.owner_id), count(*) over ()
from attempts a
where a.state not in ('ended', 'unknown') and a.owner_id > 0 and a.created_at < %(minute_ago)s
  and exists (select from pg_locks l where l.locktype = 'advisory' and l.granted and l.classid::bigint = %(space)s
    and l.database = (select oid from pg_database where datname = current_database()))
  and not exists (select from pg_locks l where l.locktype = 'advisory' and l.granted and l.classid::bigint = %(space)s
    and l.objid::bigint = a.owner_id and l.database = (select oid from pg_database where datname = current_database()))
order by a.created_at, a.id limit %(limit)s;

-- name: reports_applied
-- A callback that was acknowledged is applied soon while any worker lives.
select 'report ' || i.id, format('of attempt %%s, kept at %%s and not applied', i.attempt_id, i.received_at), count(*) over ()
from callback_inbox i
where i.received_at < %(minutes_ago)s
  and exists (select from pg_locks l where l.locktype = 'advisory' and l.granted and l.classid::bigint = %(space)s
    and l.database = (select oid from pg_database where datname = current_database()))
order by i.id limit %(limit)s;

-- name: waits_begin
-- The time of a wait begins at the latest when the session has nothing more to send that was said before it.
select 'session ' || w.session_id, format('its wait %%s has not begun, and nothing holds it up', w.wait), count(*) over ()
from flow_timers w
where w.lasts is not null and not exists (select from flow_messages m
  where m.session_id = w.session_id and m.number < w.wait and m.state in ('queued', 'attempting'))
order by w.session_id, w.wait limit %(limit)s;

-- name: over_is_over
-- Nobody waits in a campaign that is over, and one that completed has nothing left at all.
select 'target ' || t.id, format('%%s in campaign %%s, which is %%s', t.state, c.id, c.state), count(*) over ()
from campaigns c join targets t on t.campaign_id = c.id and t.state <> 'finished'
where c.state in ('completed', 'cancelled', 'expired') and (t.state in ('waiting', 'talking') or c.state = 'completed')
order by t.id limit %(limit)s;

-- name: enrolled_are_targets
-- Everybody the enrolling counted is a target, and nobody else is.
select 'campaign ' || c.id, format('%%s enrolled, %%s targets', e.enrolled, coalesce(t.targets, 0)), count(*) over ()
from campaigns c
join (select campaign_id, sum(enrolled)::bigint as enrolled from enrollments group by campaign_id) e on e.campaign_id = c.id
left join (select campaign_id, count(*) as targets from targets group by campaign_id) t on t.campaign_id = c.id
where e.enrolled is distinct from coalesce(t.targets, 0)
order by c.id limit %(limit)s;

-- name: money_adds_up
-- What is promised and spent in a purse (a day's, a campaign's) is what its attempts were charged, and a promise
-- lasts no longer than its attempt.
select 'purse ' || s.purse, format('promised %%s of %%s, spent %%s of %%s, %%s promises outlive their attempts', s.reserved,
    coalesce(c.reserved, 0), s.spent, coalesce(c.spent, 0), coalesce(c.left_over, 0)), count(*) over ()
from spending s
left join (
  select purse.workspace_id, purse.name, sum(purse.reserved) filter (where purse.cost is null) as reserved,
    sum(purse.cost) as spent, count(*) filter (where purse.cost is null and a.state in ('ended', 'unknown')) as left_over
  from (
    select attempt_id, workspace_id, day::text as name, reserved, cost from charges
    union all
    select attempt_id, workspace_id, campaign_id, reserved, cost from charges) purse
  join attempts a on a.id = purse.attempt_id
  group by purse.workspace_id, purse.name) c on c.workspace_id = s.workspace_id and c.name = s.purse
where s.reserved is distinct from coalesce(c.reserved, 0) or s.spent is distinct from coalesce(c.spent, 0)
  or coalesce(c.left_over, 0) > 0
order by s.purse limit %(limit)s;

-- name: suppressed_left_alone
-- An attempt begun well after its address was suppressed for it. What is begun in the very seconds of the
-- suppression may have been decided before it.
select 'attempt ' || a.id, format('begun at %%s, suppressed since %%s', a.created_at, s.created_at), count(*) over ()
from suppressions s
join attempts a on a.workspace_id = s.workspace_id and a.address = s.address
join channels c on c.id = a.channel_id
where a.created_at > s.created_at + %(margin)s and (s.expires_at is null or s.expires_at > a.created_at)
  and (s.scope = 'workspace' or s.campaign_id = a.campaign_id or s.channel_type = c.channel_type)
order by a.created_at, a.id limit %(limit)s;

-- name: held_out_left_alone
-- No attempt, and no conversation of a flow, whose nodes do more than send.
select 'target ' || t.id, format('held out, and has %%s attempts and %%s conversations', t.attempt_count, s.sessions), count(*) over ()
from targets t
cross join lateral (select count(*) as sessions from flow_sessions f
  where f.contact_id = t.contact_id and f.target_id = t.id) s
where t.disposition = 'held_out' and (t.attempt_count > 0 or s.sessions > 0)
order by t.id limit %(limit)s;

-- name: erased_are_gone
-- The contact from the moment it was asked for; whatever campaigns made of it, once the erasure says it is done.
select 'contact ' || c.id, format('erased, and has %%s', found.what), count(*) over ()
from contacts c
cross join lateral (
  select 'a name' as what
  where num_nonnulls(c.external_id, c.first_name, c.last_name, c.language, c.time_zone) > 0 or c.attributes <> '{}'
  union all
  select 'an address' where exists (select from contact_addresses a where a.contact_id = c.id)
  union all
  select 'target ' || t.id || ' with an address'
  from targets t
  where t.contact_id = c.id and exists (select from erasures e where e.contact_ids @> array[c.id] and e.state = 'done')
    and (t.address is not null or exists (
      select from attempts a where a.target_id = t.id and a.address <> 'erased'))) found
where c.erased_at is not null
order by c.id limit %(limit)s;

-- name: lists_are_counted
-- What the triggers of contacts keep is what counting would find.
select 'list ' || l.id, format('counts %%s, has %%s', coalesce(k.people, 0), coalesce(c.people, 0)), count(*) over ()
from contact_lists l
left join contact_counts k on k.list_id = l.id
left join (select list_id, count(*) as people from contacts where list_id is not null group by list_id) c on c.list_id = l.id
where coalesce(k.people, 0) is distinct from coalesce(c.people, 0)
order by l.id limit %(limit)s;

-- name: audit_is_sealed
-- Each seal is made of its entry as it stands and of the seal before, and none is missing between. An entry without one
-- among others that have theirs was put in later.
with chain as (
  select s.entry_id, s.number, s.digest, lag(s.digest) over mine as before, lag(s.number, 1, 0::bigint) over mine as previous
  from audit_seals s window mine as (partition by s.workspace_id order by s.number)),
found as (
  select c.entry_id as id, 'is not what was sealed' as what
  from chain c left join audit_entries a on a.id = c.entry_id
  where a.id is null or c.number <> c.previous + 1 or c.digest <> seal_of(c.before, a)
  union all
  select a.id, 'was put in among sealed ones'
  from audit_entries a
  join (select workspace_id, max(entry_id) as newest from audit_seals group by workspace_id) s using (workspace_id)
  where a.id < s.newest - 1000 and not exists (select from audit_seals o where o.entry_id = a.id))
select 'audit entry ' || id, what, count(*) over () from found order by id limit %(limit)s;

-- name: unknown
-- Attempts whose fate nobody knows: no fault of the ledger, and a number people must see.
select count(*) from attempts where state = 'unknown';
