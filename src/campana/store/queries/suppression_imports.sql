-- Files of numbers nobody may contact: how far each has come, and the rows it refused.

-- name: insert
-- Queued beside its job, in one transaction: there is never the one without the other.
insert into suppression_imports (id, workspace_id, state, file_name, scope, campaign_id, channel_type, reason, source,
  expires_at, default_country, bytes_total, created_at)
values (%(id)s, %(workspace_id)s, 'queued', %(file_name)s, %(scope)s, %(campaign_id)s, %(channel_type)s, %(reason)s,
  %(source)s, %(expires_at)s, %(default_country)s, %(bytes_total)s, %(now)s);

-- name: get
-- What a person may see of one.
select id, state, file_name, scope, campaign_id, channel_type, reason, source, expires_at, default_country, rows_done,
  rows_accepted, rows_updated, rows_duplicate, rows_rejected, bytes_done, bytes_total, problem, created_at, finished_at
from suppression_imports where workspace_id = %(workspace_id)s and id = %(id)s;

-- name: hold
-- One process at a time works on a file: the lock lives on its session, and falls with its process.
-- 1937074544 is "supp"; the pair keeps clear of one-number locks.
select pg_try_advisory_lock(1937074544, hashtext(%(id)s));

-- name: let_go
-- Before the session ends, because the server notices an end a moment later.
select pg_advisory_unlock(1937074544, hashtext(%(id)s));

-- name: begin
-- What the work needs, with the workspace's country for a file that names none; a dead one goes on here.
update suppression_imports i set state = 'running'
from workspaces w
where i.id = %(id)s and w.workspace_id = i.workspace_id and i.state in ('queued', 'running')
returning i.id, i.workspace_id, i.scope, i.campaign_id, i.channel_type, i.reason, i.source, i.expires_at, i.rows_done,
  i.bytes_total, coalesce(i.default_country, w.default_country) as country;

-- name: advance
-- Compare and set in the transaction that stores the rows: of two workers that hold the same rows, one
-- moves rows_done and the other stores nothing. What the rows became is counted when they are stored.
update suppression_imports set rows_done = rows_done + %(rows)s, rows_duplicate = rows_duplicate + %(rows)s,
  bytes_done = greatest(bytes_done, %(bytes_done)s)
where id = %(id)s and state = 'running' and rows_done = %(rows_before)s
returning id;

-- name: count
-- Rows counted as duplicates when they were taken in hand, by what became of them.
update suppression_imports set rows_duplicate = rows_duplicate - %(accepted)s - %(updated)s - %(rejected)s,
  rows_accepted = rows_accepted + %(accepted)s, rows_updated = rows_updated + %(updated)s,
  rows_rejected = rows_rejected + %(rejected)s
where id = %(id)s;

-- name: store
-- Each address once, and sorted: two files that share numbers lock them in one order. One that is there
-- already is only touched to make it last longer, and only what was written comes
-- back; a row that was inserted has no xmax.
insert into suppressions as s (id, workspace_id, address, scope, campaign_id, channel_type, reason, source, created_at,
  expires_at)
select given.id, %(workspace_id)s, given.address, %(scope)s, %(campaign_id)s, %(channel_type)s, given.reason, %(source)s,
  %(now)s, given.expires_at
from unnest(%(ids)s::text[], %(addresses)s::text[], %(reasons)s::text[], %(expiries)s::timestamptz[])
  as given (id, address, reason, expires_at)
order by given.address
on conflict (workspace_id, address, scope, campaign_id, channel_type) do update set
  expires_at = case when s.expires_at is null or excluded.expires_at is null then null
    else greatest(s.expires_at, excluded.expires_at) end,
  -- said by somebody else too: the person's own START does not lift it any more
  stopped_by = null
  where s.stopped_by is not null
    or s.expires_at is not null and (excluded.expires_at is null or excluded.expires_at > s.expires_at)
returning s.xmax = 0 as is_new;

-- name: finish
-- Done or failed, once: what is final stays.
update suppression_imports set state = %(state)s, problem = %(problem)s, finished_at = %(now)s,
  bytes_done = case when %(state)s = 'done' then bytes_total else bytes_done end
where id = %(id)s and state in ('queued', 'running');

-- name: reject
-- One reason a row: the first that was found.
insert into suppression_import_errors (import_id, workspace_id, row_number, column_name, value, reason)
select %(id)s, %(workspace_id)s, * from unnest(%(row_numbers)s::bigint[], %(columns)s::text[], %(values)s::text[],
  %(reasons)s::text[]);

-- name: rejected
-- In the order of the file, by the primary key.
select row_number, column_name, value, reason from suppression_import_errors
where import_id = %(id)s and workspace_id = %(workspace_id)s and row_number > %(after)s
order by row_number limit %(limit)s;
