-- How often each number was called from, by the day of UTC.

-- name: used
-- What each of these placed that day, in whatever channel or campaign. By the primary key.
select number, calls from caller_id_days
where workspace_id = %(workspace_id)s and day = %(day)s and number = any(%(numbers)s);

-- name: use
-- One call more, unless others used the last one: the row is read again once they have committed.
insert into caller_id_days as known (workspace_id, day, number, calls)
values (%(workspace_id)s, %(day)s, %(number)s, 1)
on conflict (workspace_id, day, number) do update set calls = known.calls + 1
where %(most)s::integer is null or known.calls < %(most)s
returning calls;

-- name: forget
-- Days nobody asks about any more.
delete from caller_id_days where day < %(before)s;
