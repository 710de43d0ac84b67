-- Addresses nobody contacts any more: everywhere, in one campaign, or over one kind of channel.

-- name: insert
-- Saying it twice is saying it once; of two expiries the later one holds, and none is the latest. What somebody
-- else says too, the person's own START does not lift. In the place of one that has expired comes a new one.
insert into suppressions as s (id, workspace_id, address, scope, campaign_id, channel_type, reason, source, created_at,
  expires_at, stopped_by)
values (%(id)s, %(workspace_id)s, %(address)s, %(scope)s, %(campaign_id)s, %(channel_type)s, %(reason)s, %(source)s,
  %(now)s, %(expires_at)s, %(stopped_by)s)
on conflict (workspace_id, address, scope, campaign_id, channel_type) do update set
  (id, reason, source, created_at) = (select excluded.id, excluded.reason, excluded.source, excluded.created_at
    where s.expires_at <= excluded.created_at union all select s.id, s.reason, s.source, s.created_at
    where (s.expires_at <= excluded.created_at) is not true),
  stopped_by = case when s.expires_at <= excluded.created_at then excluded.stopped_by
    when excluded.stopped_by is not null then s.stopped_by end,
  expires_at = case when s.expires_at is null or excluded.expires_at is null then null
    else greatest(s.expires_at, excluded.expires_at) end
returning id, address, scope, campaign_id, channel_type, reason, source, created_at, expires_at;

-- name: get
-- One suppression of this workspace.
select id, address, scope, campaign_id, channel_type, reason, source, created_at, expires_at from suppressions
where workspace_id = %(workspace_id)s and id = %(id)s;

-- name: page
-- Newest first by suppressions_newest; the cursor is the last row seen, so that a page costs the same anywhere.
select id, address, scope, campaign_id, channel_type, reason, source, created_at, expires_at from suppressions
where workspace_id = %(workspace_id)s
  and (%(after)s::text is null or (created_at, id) < (
    select created_at, id from suppressions where workspace_id = %(workspace_id)s and id = %(after)s))
order by created_at desc, id desc limit %(limit)s;

-- name: of_addresses
-- Every reason not to contact these addresses at a moment, whatever the scope.
select id, address, scope, campaign_id, channel_type, reason, source, created_at, expires_at from suppressions
where workspace_id = %(workspace_id)s and address = any(%(addresses)s)
  and (expires_at is null or expires_at > %(now)s)
order by address, created_at, id;

-- name: delete
-- Lifted: the address may be contacted again.
delete from suppressions where workspace_id = %(workspace_id)s and id = %(id)s
returning id, address, scope, campaign_id, channel_type, reason, source, created_at, expires_at;
