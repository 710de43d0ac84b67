-- What a campaign's nine keys do not say, read for a page of campaigns at once.

-- name: documents
-- The configuration as written.
select id, document, archived from campaigns where id = any(%(ids)s);

-- name: waiting
-- Flat however many wait: open groups are probed by equality on all four priorities, the first who waits
-- is the first of the index due_in_order.
select c.id, c.start_date,
  exists (select from attempts a where a.campaign_id = c.id and a.state not in ('ended', 'unknown')),
  exists (select from enrollments e where e.campaign_id = c.id and e.finished_at is null),
  exists (select from open_windows w cross join generate_series(0, 3) p (priority)
    where w.campaign_id = c.id and w.open_until > %(now)s
      and exists (select from due d where d.campaign_id = c.id and d.window_key = w.window_key
        and d.priority = p.priority::smallint and d.due_at <= %(now)s)),
  first.due_at, first.last_reason, coalesce(first.attempt_count, 0)
from campaigns c
left join lateral (
  select d.due_at, t.last_reason, t.attempt_count
  from due d join targets t on t.id = d.target_id
  where d.campaign_id = c.id
  order by d.window_key, d.priority, d.due_at, d.target_id limit 1) first on true
where c.id = any(%(ids)s);

-- name: progress
-- Targets by state and disposition.
select campaign_id, state, disposition, count(*) from targets
where campaign_id = any(%(ids)s) group by campaign_id, state, disposition;
