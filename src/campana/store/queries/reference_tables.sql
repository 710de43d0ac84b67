-- Reference tables of flows: replaced as a whole, read a row at a time.

-- name: every
-- All of the workspace, by name; a workspace has few.
select name, key_column, row_count, updated_at from reference_tables where workspace_id = %(workspace_id)s order by name;

-- name: find
-- One of them.
select name, key_column, row_count, updated_at from reference_tables where workspace_id = %(workspace_id)s and name = %(name)s;

-- name: put
-- Made or written over; held until the transaction ends, so that of two who replace it at once one is whole.
insert into reference_tables (workspace_id, name, key_column, row_count, updated_at)
values (%(workspace_id)s, %(name)s, %(key_column)s, %(row_count)s, %(now)s)
on conflict (workspace_id, name) do update set key_column = excluded.key_column, row_count = excluded.row_count,
  updated_at = excluded.updated_at;

-- name: claim
-- Made only where there is none of that name.
insert into reference_tables (workspace_id, name, key_column, row_count, updated_at)
values (%(workspace_id)s, %(name)s, %(key_column)s, 0, %(now)s)
on conflict (workspace_id, name) do nothing
returning name;

-- name: first_rows
-- For whoever looks whether it is the right table.
select fields from reference_rows where workspace_id = %(workspace_id)s and table_name = %(name)s
order by row_key limit %(limit)s;

-- name: clear
-- What was in it before.
delete from reference_rows where workspace_id = %(workspace_id)s and table_name = %(name)s;

-- name: fill
-- Every row in one statement.
insert into reference_rows (workspace_id, table_name, row_key, fields)
select %(workspace_id)s, %(name)s, key, fields from unnest(%(keys)s::text[], %(fields)s::jsonb[]) as g (key, fields);

-- name: row
-- The row a flow asks for.
select fields from reference_rows where workspace_id = %(workspace_id)s and table_name = %(name)s and row_key = %(key)s;

-- name: delete
-- Flows that look into it find nothing from now on.
delete from reference_tables where workspace_id = %(workspace_id)s and name = %(name)s returning name;
