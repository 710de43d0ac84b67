-- Imports of files into contact lists: how far each has come, and the rows it refused.

-- name: insert
-- Queued beside its job, in one transaction: there is never the one without the other.
insert into imports (id, workspace_id, list_id, state, file_name, file_key, mapping, types, header, default_country,
  duplicates, is_dry_run, bytes_total, created_at)
values (%(id)s, %(workspace_id)s, %(list_id)s, 'queued', %(file_name)s, %(file_key)s, %(mapping)s, %(types)s,
  %(header)s, %(default_country)s, %(duplicates)s, %(is_dry_run)s, %(bytes_total)s, %(now)s);

-- name: get
-- What a person may see of an import.
select id, list_id, state, file_name, mapping, types, header, default_country, duplicates, is_dry_run, rows_done,
  rows_accepted, rows_updated, rows_duplicate, rows_rejected, bytes_done, bytes_total, began_at, began_rows,
  began_bytes, moved_at, undone_removed, undone_restored, undone_kept, problem, created_at, finished_at,
  rows_removed_at
from imports where workspace_id = %(workspace_id)s and id = %(id)s;

-- name: page
-- The imports of one list, newest first, by imports_by_list.
select id, list_id, state, file_name, mapping, types, header, default_country, duplicates, is_dry_run, rows_done,
  rows_accepted, rows_updated, rows_duplicate, rows_rejected, bytes_done, bytes_total, began_at, began_rows,
  began_bytes, moved_at, undone_removed, undone_restored, undone_kept, problem, created_at, finished_at,
  rows_removed_at
from imports where workspace_id = %(workspace_id)s and list_id = %(list_id)s
order by created_at desc, id limit %(limit)s;

-- name: file_keys
-- The files to remove with a list; the rows themselves go by cascade.
select file_key from imports where workspace_id = %(workspace_id)s and list_id = %(list_id)s;

-- name: open_files
-- Which of these files an import still needs.
select file_key from imports where file_key = any(%(keys)s) and state in ('queued', 'running');

-- name: hold
-- One process at a time works on an import: the lock lives on its session, and falls with its process.
-- 1768779892 is "impt"; the pair keeps clear of one-number locks.
select pg_try_advisory_lock(1768779892, hashtext(%(id)s));

-- name: let_go
-- Before the session ends, because the server notices an end a moment later.
select pg_advisory_unlock(1768779892, hashtext(%(id)s));

-- name: begin
-- What the work needs, with the last two steps of the country cascade; a dead import goes on here, and so does
-- a dead undo. The rate is told of the present stretch of work alone.
update imports i set state = case i.state when 'queued' then 'running' else i.state end,
  began_at = %(now)s, moved_at = %(now)s, began_rows = rows_done, began_bytes = bytes_done
from contact_lists l join workspaces w using (workspace_id)
where i.id = %(id)s and l.id = i.list_id and i.state in ('queued', 'running', 'undoing')
returning i.id, i.workspace_id, i.list_id, i.file_key, i.mapping, i.types, i.duplicates, i.is_dry_run, i.rows_done,
  i.bytes_total, i.created_at, i.undo_step, i.undo_after,
  coalesce(i.default_country, l.default_country, w.default_country) as country;

-- name: file_key
-- Where the file of an import lies, whatever its state.
select file_key from imports where id = %(id)s;

-- name: do_not_wait
-- A chunk of rows need not be on the disk before the next one begins: should the machine go down, the last chunks are
-- gone with the progress they were, and are done again. Whatever is committed later, waiting, has all before it there.
set local synchronous_commit = off;

-- name: advance
-- Compare and set in the transaction that stores the rows: of two workers that hold the same rows, one
-- moves rows_done and the other stores nothing.
update imports set rows_done = rows_done + %(accepted)s + %(updated)s + %(duplicate)s + %(rejected)s,
  rows_accepted = rows_accepted + %(accepted)s, rows_updated = rows_updated + %(updated)s,
  rows_duplicate = rows_duplicate + %(duplicate)s, rows_rejected = rows_rejected + %(rejected)s,
  bytes_done = greatest(bytes_done, %(bytes_done)s), moved_at = %(now)s
where id = %(id)s and state = 'running' and rows_done = %(rows_before)s
returning id;

-- name: finish
-- Done or failed, once: what is final stays. A mistake of ours ends an undo too, which can then be asked for again.
update imports set state = %(state)s, problem = %(problem)s, finished_at = %(now)s, undo_step = null,
  bytes_done = case when %(state)s = 'done' then bytes_total else bytes_done end
where id = %(id)s and (state in ('queued', 'running') or (%(is_mistake)s and state = 'undoing'))
returning workspace_id;

-- name: reject
-- One reason a row: the first that was found.
insert into import_errors (import_id, workspace_id, row_number, column_name, value, reason, suggestion, cells)
select %(id)s, %(workspace_id)s, row_number, column_name, value, reason, suggestion, cells
from unnest(%(row_numbers)s::bigint[], %(column_names)s::text[], %(values)s::text[], %(reasons)s::text[],
  %(suggestions)s::text[], %(cells)s::jsonb[])
  as given (row_number, column_name, value, reason, suggestion, cells);

-- name: rejected
-- In the order of the file, by the primary key.
select row_number, column_name, value, reason, suggestion, cells from import_errors
where import_id = %(id)s and workspace_id = %(workspace_id)s and row_number > %(after)s
order by row_number limit %(limit)s;
