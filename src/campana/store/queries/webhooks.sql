-- Webhooks: who is told of what, and with which secrets the messages are signed.

-- name: insert
-- It begins after the last number drawn: what happened before it was made is not its business.
insert into webhooks (id, workspace_id, url, description, event_types, is_enabled, disabled_reason, cursor, created_at, updated_at)
values (%(id)s, %(workspace_id)s, %(url)s, %(description)s, %(event_types)s, %(is_enabled)s, %(disabled_reason)s,
  %(cursor)s, %(now)s, %(now)s);

-- name: page
-- Oldest first; a workspace has few.
select id, workspace_id, url, description, event_types, is_enabled, disabled_reason, failing_since, failures, retry_at,
  missed, created_at, updated_at
from webhooks where workspace_id = %(workspace_id)s order by created_at, id;

-- name: get
-- One webhook of this workspace.
select id, workspace_id, url, description, event_types, is_enabled, disabled_reason, failing_since, failures, retry_at,
  missed, created_at, updated_at
from webhooks where workspace_id = %(workspace_id)s and id = %(id)s;

-- name: lock
-- The same, held until the transaction ends; messages may refer to it meanwhile.
select id, workspace_id, url, description, event_types, is_enabled, disabled_reason, failing_since, failures, retry_at,
  missed, created_at, updated_at
from webhooks where workspace_id = %(workspace_id)s and id = %(id)s for no key update;

-- name: update
-- What a person may change. One that is switched on again starts with a clean record.
update webhooks set url = %(url)s, description = %(description)s, event_types = %(event_types)s,
  is_enabled = %(is_enabled)s, disabled_reason = %(disabled_reason)s, updated_at = %(now)s,
  failing_since = case when is_enabled then failing_since end, failures = case when is_enabled then failures else 0 end,
  retry_at = case when is_enabled then retry_at end
where workspace_id = %(workspace_id)s and id = %(id)s;

-- name: delete
-- With its secrets and its log.
delete from webhooks where workspace_id = %(workspace_id)s and id = %(id)s returning id;

-- name: rewind
-- Back to before an event: it and all after it get deliveries again, in order; never forward.
update webhooks set cursor = least(cursor, %(before)s), replayed_at = %(now)s
where workspace_id = %(workspace_id)s and id = %(id)s;

-- name: add_secret
-- Sealed before it comes here.
insert into webhook_secrets (webhook_id, workspace_id, sealed, created_at) values (%(webhook_id)s, %(workspace_id)s, %(sealed)s, %(now)s);

-- name: retire_secrets
-- The older ones sign on for a while, so that a receiver can change over without missing anything.
update webhook_secrets set expires_at = least(expires_at, %(until)s) where webhook_id = %(webhook_id)s
returning expires_at;

-- name: drop_secrets
-- Those that sign no more.
delete from webhook_secrets where webhook_id = %(webhook_id)s and expires_at <= %(now)s;

-- name: secrets
-- What messages are signed with now, newest first (engine role).
select sealed from webhook_secrets
where webhook_id = %(webhook_id)s and (expires_at is null or expires_at > %(now)s) order by id desc;
