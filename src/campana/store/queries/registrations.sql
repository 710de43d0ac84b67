-- Who registers at a trunk, and what came of it (`domain/registration.py`).

-- name: hold
-- The lease, taken or kept; no row while another holds it and lives.
insert into trunk_registrations as r (workspace_id, trunk, token, owner_id, held_until, told_at)
values (%(workspace_id)s, %(trunk)s, %(token)s, %(owner_id)s, %(until)s, %(now)s)
on conflict (workspace_id, trunk) do update set owner_id = excluded.owner_id, held_until = excluded.held_until
where r.owner_id is null or r.owner_id = excluded.owner_id or r.held_until < %(now)s or not exists (
  select from pg_locks l where l.locktype = 'advisory' and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid::bigint = %(space)s and l.objid::bigint = r.owner_id)
returning r.token;

-- name: tell
-- What came of it, from whoever holds the lease.
update trunk_registrations
set state = %(state)s, status = %(status)s, reason = %(reason)s, told_at = %(now)s, registered_until = %(registered_until)s
where workspace_id = %(workspace_id)s and trunk = %(trunk)s and owner_id = %(owner_id)s;

-- name: release
-- The next one need not wait.
update trunk_registrations set owner_id = null, state = 'ended', status = null, reason = null, told_at = %(now)s, registered_until = null
where workspace_id = %(workspace_id)s and trunk = %(trunk)s and owner_id = %(owner_id)s;

-- name: standing
-- How the trunks of a workspace stand; few, by the primary key.
select trunk, state, status, reason, told_at, registered_until from trunk_registrations where workspace_id = %(workspace_id)s;

-- name: refused
-- The trunks of a workspace that refuse us; few, by the primary key.
select trunk from trunk_registrations where workspace_id = %(workspace_id)s and state = 'refused';
