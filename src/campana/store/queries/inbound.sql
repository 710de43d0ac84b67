-- What people send: kept in an inbox before the carrier gets its answer, then applied, each message once.

-- name: keep
-- Every message of a group commit in one statement, and the reports that came in the same callbacks.
select keep_inbound(%(inbound)s::jsonb), keep_callbacks(%(reports)s::jsonb);

-- name: parts
-- Which parts have something to apply now; the table is small, for it is emptied as it fills.
select distinct part from inbound_inbox where retry_at is null or retry_at <= %(now)s;

-- name: hold_part
-- Whoever holds a part is the only one to apply it until the transaction ends: a person's messages stay in order.
select pg_try_advisory_xact_lock(%(space)s, %(part)s);

-- name: first
-- The oldest of a part. One that failed is passed over until its time comes: the others do not wait for it.
select id, workspace_id, channel_id, said, received_at, tries from inbound_inbox
where part = %(part)s and (retry_at is null or retry_at <= %(now)s) order by id limit 1;

-- name: remove
-- Gone with the commit that applies it.
delete from inbound_inbox where id = %(id)s;

-- name: put_off
-- It could not be applied: again later, so that a mistake of ours loses nothing.
update inbound_inbox set tries = tries + 1, retry_at = %(retry_at)s where id = %(id)s;

-- name: contacts
-- Whoever has this address in any list of the workspace: one look into the index for each list, for an index of
-- addresses alone would cost every import.
select a.contact_id from contact_lists l
join contact_addresses a on a.list_id = l.id and a.kind = any(%(kinds)s) and a.value = %(address)s
where l.workspace_id = %(workspace_id)s order by a.contact_id;

-- name: people
-- The names and language of these contacts, for answers and for masking.
select id, first_name, last_name, language from contacts where id = any(%(ids)s) order by id;

-- name: addresses
-- Every address of these contacts: what a person says holds for all of them.
select distinct value from contact_addresses where contact_id = any(%(ids)s) order by value;

-- name: lift_stops
-- What this person's own STOP made, and nothing else.
delete from suppressions where workspace_id = %(workspace_id)s and stopped_by = any(%(addresses)s)
returning id, address, scope, campaign_id, channel_type, reason, source, created_at, expires_at;
