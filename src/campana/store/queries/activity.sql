-- What is going on, for monitoring.

-- name: activity
-- Over all workspaces and naming none: the function runs as the owner.
select what, state, count from activity();

-- name: answers
-- Whether the database answers at all.
select 1;
