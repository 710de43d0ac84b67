-- The rules of a workspace that hold for every campaign; one document, replaced whole.

-- name: get
-- As written.
select policy from workspaces where workspace_id = %(workspace_id)s;

-- name: set
-- Claims read it in their own transaction: the next one obeys.
update workspaces set policy = %(document)s where workspace_id = %(workspace_id)s;
