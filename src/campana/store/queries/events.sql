-- Events: written by whoever changes something, read in order of id up to a horizon. One row may tell many (migration
-- 0071): each is given the numbers id to id + 1023.

-- name: add
-- In the caller's transaction, in the order given. The numbers are drawn after the table is locked for
-- writing, which is what `writers` relies on.
insert into events (workspace_id, type, subject, campaign_id, at, data)
select workspace_id, type, subject, campaign_id, at, data
from unnest(%(workspace_ids)s::bigint[], %(types)s::text[], %(subjects)s::text[], %(campaign_ids)s::text[],
  %(ats)s::timestamptz[], %(data)s::jsonb[]) with ordinality as g (workspace_id, type, subject, campaign_id, at, data, place)
order by place
returning id;

-- name: newest
-- The last number drawn, by a transaction that may not have committed.
select case when is_called then last_value + 1023 else 0 end from events_id_seq;

-- name: writers
-- The transactions that have written events and are not over. A writing statement locks the table before it
-- draws a number and keeps the lock until its transaction is over, visible or rolled back.
select virtualtransaction from pg_locks
where locktype = 'relation' and relation = 'events'::regclass and mode = 'RowExclusiveLock' and granted
  and database = (select oid from pg_database where datname = current_database());

-- name: page
-- Of one workspace in order of id, by the primary key; or of one of its campaigns, by events_by_campaign.
select id, type, subject, campaign_id, at, data from told_events
where workspace_id = %(workspace_id)s and row_id > %(after)s - 1024 and row_id + parts - 1 > %(after)s and row_id <= %(horizon)s
  and id > %(after)s and (%(campaign_ids)s::text[] is null or campaign_id = any(%(campaign_ids)s))
order by row_id, id limit %(limit)s;
