-- Work for later, through the function Procrastinate itself defers with.

-- name: defer
-- In the caller's transaction: there is no work without what it is about, and no promise without work.
select unnest(procrastinate_defer_jobs_v1(array[
  row('default', %(task)s, 0, %(lock)s, %(queueing_lock)s, %(arguments)s, null)::procrastinate_job_to_defer_v1
]));
