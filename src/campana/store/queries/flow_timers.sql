-- Small and hot. Whoever writes a session's timers holds the session, except that one whose wait is over may be cleared.

-- name: start
-- A wait that ends by itself. With `lasts`, what the session says before it has to leave first.
insert into flow_timers (session_id, wait, workspace_id, due_at, lasts)
select %(session_id)s, %(wait)s, %(workspace_id)s,
  case when is_held then %(now)s::timestamptz + greatest(%(lasts)s::interval, %(look_after)s) else %(due_at)s::timestamptz end,
  case when is_held then %(lasts)s::interval end
from (select %(lasts)s::interval is not null and exists (select from flow_messages m
  where m.session_id = %(session_id)s and m.number < %(wait)s and m.state in ('queued', 'attempting')) as is_held) h
on conflict (session_id, wait) do update set due_at = excluded.due_at, lasts = excluded.lasts;

-- name: begin
-- What was said before these waits has left, or never will: their time begins.
update flow_timers t set due_at = %(now)s + t.lasts, lasts = null
where t.session_id = %(session_id)s and t.lasts is not null and not exists (select from flow_messages m
  where m.session_id = t.session_id and m.number < t.wait and m.state in ('queued', 'attempting'));

-- name: look_again
-- A wait whose time has not begun stays so for now.
update flow_timers set due_at = %(now)s + greatest(lasts, %(look_after)s)
where session_id = %(session_id)s and wait = %(wait)s and lasts is not null;

-- name: clear
-- Waits that are over, whatever ended them.
delete from flow_timers where session_id = %(session_id)s and wait = any(%(waits)s);

-- name: clear_all
-- The conversation is over.
delete from flow_timers where session_id = %(session_id)s;

-- name: due
-- Those whose time has come, longest ago first: found in the index by time alone, however many wait.
select session_id, wait, lasts is null from flow_timers where due_at <= %(now)s order by due_at, session_id, wait limit %(limit)s;
