-- What providers report by names of their own, until it is known which attempt is meant.

-- name: add_refs
-- The names a provider gave what it took. A name it gives again, months later, means the newer message.
insert into carrier_refs (channel_id, ref, workspace_id, attempt_id, part, parts, told_at)
select a.channel_id, g.ref, a.workspace_id, a.id, g.part, g.parts, %(now)s
from unnest(%(attempt_ids)s::uuid[], %(refs)s::text[], %(part_nos)s::integer[], %(counts)s::integer[])
  as g (attempt_id, ref, part, parts)
join attempts a on a.id = g.attempt_id
on conflict (channel_id, ref) do update set workspace_id = excluded.workspace_id, attempt_id = excluded.attempt_id,
  part = excluded.part, parts = excluded.parts, disposition = null, told_at = excluded.told_at
where carrier_refs.attempt_id <> excluded.attempt_id;

-- name: keep
-- Many in one statement: a name that is known and means a whole message goes where callbacks go, what is left
-- waits to be matched.
with given as materialized (
  select g.*, r.attempt_id
  from jsonb_to_recordset(%(kept)s::jsonb) as g (workspace_id bigint, channel_id text, ref text, address text,
    report text, type text, at timestamptz, detail jsonb, received_at timestamptz, body text)
  left join carrier_refs r on r.channel_id = g.channel_id and r.ref = g.ref and r.parts = 1),
known as (
  insert into callback_inbox (workspace_id, channel_id, attempt_id, report, type, at, detail, received_at, body)
  select workspace_id, channel_id, attempt_id, report, type, at, detail, received_at, body from given
  where attempt_id is not null)
insert into named_reports (workspace_id, channel_id, ref, address, report, type, at, detail, received_at, try_at, body)
select workspace_id, channel_id, ref, address, report, type, at, detail, received_at, received_at, body from given
where attempt_id is null;

-- name: take
-- What is to be matched now, oldest first, and nobody else is matching; with what its name means by now.
select n.id, n.workspace_id, n.channel_id, n.ref, n.address, n.report, n.type, n.at, n.detail, n.received_at,
  r.attempt_id, r.part, r.parts, n.body
from named_reports n left join carrier_refs r on r.channel_id = n.channel_id and r.ref = n.ref
where n.try_at <= %(now)s
order by n.try_at, n.id limit %(limit)s for update of n skip locked;

-- name: forget
-- Matched, or given up.
delete from named_reports where id = any(%(ids)s::bigint[]);

-- name: try_again
-- Not matched yet.
update named_reports n set try_at = g.try_at
from unnest(%(ids)s::bigint[], %(try_ats)s::timestamptz[]) as g (id, try_at) where n.id = g.id;

-- name: nameless
-- Attempts at an address whose answer with the names never came: in doubt, or given up as unknown. The first
-- two are enough: where there are two, nobody can tell which is meant.
select a.id from attempts a
where a.workspace_id = %(workspace_id)s and a.address = %(address)s and a.channel_id = %(channel_id)s
  and a.state in ('sending', 'unknown') and a.sending_at between %(since)s and %(until)s
  and not exists (select from carrier_refs r where r.attempt_id = a.id)
order by a.created_at desc limit 2;

-- name: hold_parts
-- The parts of a message, held in one order: two reports of it are weighed one after the other.
select ref, disposition from carrier_refs where attempt_id = %(attempt_id)s order by part for no key update;

-- name: end_part
-- What became of one part; its first end stands.
update carrier_refs set disposition = coalesce(disposition, %(disposition)s)
where channel_id = %(channel_id)s and ref = %(ref)s and attempt_id = %(attempt_id)s;

-- name: refs_of
-- The provider's names of an attempt, part after part.
select ref from carrier_refs where attempt_id = %(attempt_id)s order by part;

-- name: take_slot
-- One of the connections a provider allows, for as long as the session lives.
select pg_try_advisory_lock(%(space)s, hashtext(%(slot)s));

-- name: free_slot
-- For another process.
select pg_advisory_unlock(%(space)s, hashtext(%(slot)s));
