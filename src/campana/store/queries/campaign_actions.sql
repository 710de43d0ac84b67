-- Who asked what of a campaign, and when.

-- name: add
-- In the transaction of the action itself. A key is named as its owner named it, so that the name outlives it.
insert into campaign_actions (workspace_id, campaign_id, action, actor, at, detail)
values (%(workspace_id)s, %(campaign_id)s, %(action)s,
  coalesce((select 'the key ' || name from api_keys where id = %(actor)s), %(actor)s), %(now)s, %(detail)s);

-- name: of_campaign
-- Newest first.
select action, actor, at, detail from campaign_actions where campaign_id = %(campaign_id)s order by id desc limit %(limit)s;
