-- Targets: contact × campaign. `waiting` has a row in due, `attempting` an open attempt, `finished` a disposition.

-- name: begin_enrollment
-- Idempotent: launching twice enrolls once.
insert into enrollments (campaign_id, list_id, workspace_id, started_at)
values (%(campaign_id)s, %(list_id)s, %(workspace_id)s, %(now)s) on conflict do nothing;

-- name: lock_enrollment
-- Whoever holds the row enrolls; another worker waits and then goes on after it.
select list_id, workspace_id, last_contact_id, scan_list_id from enrollments
where campaign_id = %(campaign_id)s and finished_at is null
order by list_id limit 1 for update;

-- name: enroll
-- One stretch of the list in id order. A contact whose first address for the channel is in the campaign already makes
-- no target: the unique index says so, the difference is counted as duplicates.
with campaign as materialized (
  select address_kinds(channel_type, type) as kinds from campaigns where id = %(campaign_id)s),
stretch as materialized (
  select c.id, c.workspace_id, a.value as address,
    array_to_string(array(select z from unnest(c.zones) z order by z collate "C"), ',') as window_key
  from contacts c cross join campaign
  left join lateral (
    select value from contact_addresses where contact_id = c.id and kind = any(kinds)
    order by array_position(kinds, kind), position limit 1) a on true
  where c.list_id = %(list_id)s and c.id > %(after)s
  order by c.id limit %(limit)s),
made as (
  insert into targets (workspace_id, campaign_id, contact_id, address, state, created_at)
  select workspace_id, %(campaign_id)s, id, address, 'waiting', %(now)s from stretch
  on conflict do nothing
  returning id, contact_id, workspace_id),
waiting as (
  insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)
  select made.id, made.workspace_id, %(campaign_id)s, stretch.window_key, 1, %(now)s
  from made join stretch on stretch.id = made.contact_id)
select (select max(id) from stretch), (select count(*) from stretch), (select count(*) from made);

-- name: advance_enrollment
-- In the same transaction as the stretch, so that a crash repeats neither.
update enrollments set last_contact_id = coalesce(%(last_contact_id)s, last_contact_id),
  enrolled = enrolled + %(made)s, duplicates = duplicates + %(seen)s - %(made)s,
  finished_at = case when %(is_done)s then %(now)s::timestamptz end
where campaign_id = %(campaign_id)s and list_id = %(list_id)s;

-- name: finish
-- The target is done; its due row, if any, goes with it.
with gone as (delete from due where target_id = %(target_id)s)
update targets set state = 'finished', disposition = %(disposition)s, last_reason = %(reason)s, finished_at = %(now)s,
  reach_address = null
where id = %(target_id)s and state <> 'finished'
returning id, workspace_id, campaign_id, contact_id, address, disposition, attempt_count, last_reason, finished_at;

-- name: correct
-- A late report says what an unknown attempt really became; the target stays finished. Reopened meanwhile by a
-- person who did not know, it is finished again when the report is final and nobody has tried since; or whoever has,
-- when it was a no.
with reopened as (
  update targets set state = 'finished', disposition = %(disposition)s, last_reason = %(reason)s, finished_at = %(now)s
  where id = %(target_id)s and state = 'waiting'
    and (%(is_no)s or %(is_final)s and tries_after = attempt_count and tries_after = %(attempt_no)s)
  returning id),
gone as (delete from due using reopened where due.target_id = reopened.id)
update targets set disposition = %(disposition)s, last_reason = %(reason)s
where id = %(target_id)s and state = 'finished' and disposition = 'unknown'
returning id, workspace_id, campaign_id, contact_id, address, disposition, attempt_count, last_reason, finished_at;

-- name: wait_again
-- Back among the waiting, under the zones the contact has now, or those of the number it is tried on; also one that
-- was given up as unknown.
with again as (
  update targets set state = 'waiting', last_reason = %(reason)s, disposition = null, finished_at = null
  where id = %(target_id)s and (state = 'attempting' or disposition = 'unknown')
  returning id, workspace_id, campaign_id, contact_id, zones)
insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)
select again.id, again.workspace_id, again.campaign_id,
  array_to_string(array(select z from unnest(coalesce(again.zones, c.zones)) z order by z collate "C"), ','),
  %(priority)s, %(due_at)s
from again join contacts c on c.id = again.contact_id
returning window_key;

-- name: close_waiting
-- The campaign is over: nobody who waits will be contacted. Open attempts go on to their own end.
with gone as (
  delete from due where campaign_id = %(campaign_id)s returning target_id)
update targets t set state = 'finished', disposition = %(disposition)s, last_reason = %(disposition)s, finished_at = %(now)s,
  reach_address = null
from (select target_id from gone union all
  select t.id from flow_sessions s join targets t on t.id = s.target_id
  where s.campaign_id = %(campaign_id)s and s.is_current and t.state = 'talking') over (target_id)
where t.id = over.target_id;

-- name: history
-- How the attempts of a target ended so far, or since a person asked to try again, the latest outcome first: on the
-- address it is at, and on all. A no that was told late counts for ever.
select a.disposition, count(*) filter (where a.address = t.address), count(*)
from attempts a join targets t on t.id = a.target_id
where a.target_id = %(target_id)s and a.disposition is not null
  and (a.attempt_no > t.tries_after or a.disposition = 'declined')
group by a.disposition order by max(a.attempt_no) desc;

-- name: addresses
-- Every address of the person, on whatever channel: who wants no more means all of them.
select distinct a.value from targets t join contact_addresses a on a.contact_id = t.contact_id
where t.id = %(target_id)s order by a.value;

-- name: zones
-- Those of another number of the contact, once the target has gone on to it; else the contact's.
select coalesce(t.zones, c.zones) from targets t join contacts c on c.id = t.contact_id where t.id = %(target_id)s;

-- name: following_address
-- By position; passes over what another target of the campaign is at, as enrolling does (targets_by_address).
select a.value, c.time_zone is not null
from targets t
join contacts c on c.id = t.contact_id
join campaigns m on m.id = t.campaign_id
cross join lateral (select address_kinds(m.channel_type, m.type) as kinds) k
join contact_addresses a on a.contact_id = t.contact_id and a.kind = any(kinds)
where t.id = %(target_id)s
  and (array_position(kinds, a.kind), a.position) > (select array_position(kinds, p.kind), p.position
    from contact_addresses p where p.contact_id = t.contact_id and p.kind = any(kinds) and p.value = t.address
    order by 1, 2 limit 1)
  and not exists (select from targets o where o.campaign_id = t.campaign_id and o.address = a.value)
order by array_position(kinds, a.kind), a.position limit 1;

-- name: move_to_address
-- The attempts so far keep the address they were made to.
update targets set address = %(address)s, zones = %(zones)s where id = %(target_id)s;

-- name: lose_addresses
-- Targets of these contacts that go on, at a number that is not the contact's any more. First all of them let go: two
-- contacts may have exchanged their numbers.
update targets t set address = null, zones = null
where t.contact_id = any(%(contact_ids)s) and t.state <> 'finished' and t.address is not null
  and not exists (select from contact_addresses a join campaigns m on m.id = t.campaign_id
    where a.contact_id = t.contact_id and a.kind = any(address_kinds(m.channel_type, m.type)) and a.value = t.address);

-- name: without_address
-- Targets of these contacts that go on and are at no number.
select id from targets
where contact_id = any(%(contact_ids)s) and state <> 'finished' and address is null order by id;

-- name: find_address
-- The contact's first number that no other target of the campaign is at, as enrolling does; in the number's own zones
-- when it is not the first and the contact does not say where it is.
update targets t set address = found.value, zones = found.zones
from (
  select a.value, case when c.time_zone is null and a.kind <> 'email' and a.position > (
      select min(f.position) from contact_addresses f where f.contact_id = c.id and f.kind = 'phone')
    then a.zones end as zones
  from targets mine join contacts c on c.id = mine.contact_id
  join campaigns m on m.id = mine.campaign_id
  cross join lateral (select address_kinds(m.channel_type, m.type) as kinds) k
  join contact_addresses a on a.contact_id = c.id and a.kind = any(kinds)
  where mine.id = %(target_id)s
    and not exists (select from targets o where o.campaign_id = mine.campaign_id and o.address = a.value)
  order by array_position(kinds, a.kind), a.position limit 1) found
where t.id = %(target_id)s;

-- name: move_windows
-- Those that wait, under the zones their person has now; only rows that say otherwise are touched. What a rule put off
-- because of where its person was is asked again.
update due d set window_key = now_in.key,
  due_at = case when t.last_reason in ('window', 'never_open', 'caps', 'budget') then least(d.due_at, %(now)s) else d.due_at end
from targets t join contacts c on c.id = t.contact_id
cross join lateral (
  select array_to_string(array(select z from unnest(coalesce(t.zones, c.zones)) z order by z collate "C"), ',') as key) now_in
where t.contact_id = any(%(contact_ids)s) and d.target_id = t.id and (d.window_key <> now_in.key
  or t.last_reason in ('window', 'never_open', 'caps', 'budget') and d.due_at > %(now)s);

-- name: hold_of_contacts
-- What is due of them before the targets themselves: a worker that claims one of these has it first, or after.
select d.target_id from due d join targets t on t.id = d.target_id
where t.contact_id = any(%(contact_ids)s) order by d.target_id for update of d;

-- name: page
-- In order of id after a cursor; filters narrow, null does not.
select t.id, t.campaign_id, t.contact_id, t.address, t.state, t.disposition, t.attempt_count, t.last_reason, d.due_at, t.finished_at
from targets t left join due d on d.target_id = t.id
where t.campaign_id = %(campaign_id)s and t.id > %(after)s
  and (%(state)s::text is null or t.state = %(state)s)
  and (%(disposition)s::text is null or t.disposition = %(disposition)s)
order by t.id limit %(limit)s;

-- name: get
-- One target of a campaign.
select t.id, t.campaign_id, t.contact_id, t.address, t.state, t.disposition, t.attempt_count, t.last_reason, d.due_at, t.finished_at
from targets t left join due d on d.target_id = t.id
where t.campaign_id = %(campaign_id)s and t.id = %(target_id)s;
