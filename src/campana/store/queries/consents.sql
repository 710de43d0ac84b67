-- The consent ledger: who agreed to be contacted and who took it back. Rows are only ever added.

-- name: insert
-- What was said, and when it was said; that it is written only now changes nothing earlier.
insert into consents (id, workspace_id, address, channel_type, is_granted, source, wording, said_at, created_at, expires_at)
values (%(id)s, %(workspace_id)s, %(address)s, %(channel_type)s, %(is_granted)s, %(source)s, %(wording)s, %(said_at)s,
  %(created_at)s, %(expires_at)s);

-- name: get
-- One entry of this workspace.
select id, address, channel_type, is_granted, source, wording, said_at, created_at, expires_at from consents
where workspace_id = %(workspace_id)s and id = %(id)s;

-- name: page
-- Newest first, all of a workspace or of one address; the cursor is the last row seen.
select id, address, channel_type, is_granted, source, wording, said_at, created_at, expires_at from consents
where workspace_id = %(workspace_id)s and (%(address)s::text is null or address = %(address)s)
  and (%(after)s::text is null or (created_at, id) < (
    select created_at, id from consents where workspace_id = %(workspace_id)s and id = %(after)s))
order by created_at desc, id desc limit %(limit)s;
