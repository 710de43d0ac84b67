-- Who did what.

-- name: add
-- Only ever added to: no role has the right to change or remove a line.
insert into audit_entries (workspace_id, at, person_id, actor, action, subject, result, detail, client, request_id)
values (%(workspace_id)s, %(at)s, %(person_id)s, %(actor)s, %(action)s, %(subject)s, %(result)s, %(detail)s,
  %(client)s, %(request_id)s);

-- name: seal
-- What is old enough to have been committed, whoever wrote it; the chain goes on from its last seal.
select w.workspace_id, seal_audit(w.workspace_id, %(upto)s, %(now)s, %(most)s) from workspaces w order by 1;

-- name: page
-- Newest first, by its number; the index holds them in that order.
select id, at, person_id, actor, action, subject, result, detail, client, request_id from audit_entries
where workspace_id = %(workspace_id)s and id < %(before)s
order by id desc limit %(limit)s;

-- name: page_of_people
-- The same without programs, which may have written a hundred times as much; an index of its own holds these.
select id, at, person_id, actor, action, subject, result, detail, client, request_id from audit_entries
where workspace_id = %(workspace_id)s and id < %(before)s and person_id is not null
order by id desc limit %(limit)s;

-- name: page_of_actor
-- The same of one person or program, as the log names them; an index of its own holds these.
select id, at, person_id, actor, action, subject, result, detail, client, request_id from audit_entries
where workspace_id = %(workspace_id)s and actor = %(actor)s and id < %(before)s
order by id desc limit %(limit)s;
