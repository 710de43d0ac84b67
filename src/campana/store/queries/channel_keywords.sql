-- What a channel answers to STOP, START and HELP.

-- name: get
-- As written; absent where nobody wrote anything.
select document from channel_keywords where channel_id = %(channel_id)s;

-- name: put
-- The whole of it, once for a channel.
insert into channel_keywords (channel_id, workspace_id, document, updated_at)
values (%(channel_id)s, %(workspace_id)s, %(document)s, %(now)s)
on conflict (channel_id) do update set document = excluded.document, updated_at = excluded.updated_at;

-- name: channel
-- The channel a message came in on, of whatever workspace.
select h.channel_type, h.kind, k.document from channels h left join channel_keywords k on k.channel_id = h.id
where h.id = %(channel_id)s;
