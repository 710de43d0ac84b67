-- When somebody last looked after a running campaign: what an outage is measured by.

-- name: get
-- A campaign that was launched and not looked at since was last looked at by whoever launched it.
select c.workspace_id, c.start_date, coalesce(w.watched_at, c.launched_at), c.document
from campaigns c left join watches w on w.campaign_id = c.id
where c.id = %(campaign_id)s and c.state = 'running';

-- name: set
-- Every minute, and when a person resumes it.
insert into watches (campaign_id, workspace_id, watched_at) values (%(campaign_id)s, %(workspace_id)s, %(now)s)
on conflict (campaign_id) do update set watched_at = greatest(watches.watched_at, excluded.watched_at);
