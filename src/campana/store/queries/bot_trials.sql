-- How bots did with simulated callees; the last trial of each counts.

-- name: keep
-- In place of the trial before of the same bot.
insert into bot_trials (workspace_id, fingerprint, opt_out_ignored, calls, right_calls, tried_at)
values (%(workspace_id)s, %(fingerprint)s, %(opt_out_ignored)s, %(calls)s, %(right_calls)s, %(tried_at)s)
on conflict (workspace_id, fingerprint) do update set opt_out_ignored = excluded.opt_out_ignored,
  calls = excluded.calls, right_calls = excluded.right_calls, tried_at = excluded.tried_at;

-- name: ignoring
-- Of these bots those that last ignored a wish not to be called again, and when.
select fingerprint, tried_at from bot_trials
where workspace_id = %(workspace_id)s and fingerprint = any(%(fingerprints)s::text[]) and opt_out_ignored;
