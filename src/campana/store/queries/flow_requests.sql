-- What sessions ask of programs, until the answer is theirs.

-- name: add
-- With the sprint that asks.
insert into flow_requests (session_id, wait, workspace_id, request, due_at)
values (%(session_id)s, %(wait)s, %(workspace_id)s, %(request)s, %(now)s) on conflict do nothing;

-- name: take
-- Those nobody asks now, longest ago first; nobody else asks them before `until`.
update flow_requests r set due_at = %(until)s
from (select session_id, wait from flow_requests where due_at <= %(now)s
  order by due_at, session_id, wait limit %(limit)s for update skip locked) taken
where r.session_id = taken.session_id and r.wait = taken.wait
returning r.session_id, r.wait, r.workspace_id, r.request;

-- name: drop_all
-- The conversation was stopped.
delete from flow_requests where session_id = %(session_id)s;

-- name: drop
-- Answered, or not waited for any more.
delete from flow_requests where session_id = %(session_id)s and wait = any(%(waits)s);
