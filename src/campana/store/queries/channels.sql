-- Channels: configured accounts on carriers, and the pacing row each has.

-- name: insert
-- The pacing row is made with the channel, so that a grant always finds one to lock.
with made as (
  insert into channels (id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at, contact_window, portfolio, portfolio_limit, pair_seconds)
  values (%(id)s, %(workspace_id)s, %(name)s, %(kind)s, %(channel_type)s, %(config)s, %(is_loopback)s, %(rate)s, %(burst)s, %(lines)s, %(daily_attempts)s, %(now)s, %(window)s, %(portfolio)s, %(portfolio_limit)s, %(pair_seconds)s)
  on conflict (workspace_id, name) do nothing
  returning id, workspace_id, created_at)
insert into pacing (channel_id, workspace_id, arrival_at) select id, workspace_id, created_at from made
returning channel_id;

-- name: set_limits
-- Every grant reads them, so a change is in force with the next one.
update channels set rate = %(rate)s, burst = %(burst)s, lines = %(lines)s, daily_attempts = %(daily_attempts)s,
  -- its trunks have limits of their own there
  config = %(config)s
where id = %(id)s;

-- name: configure
-- What a person changed of its account; its limits and its pace are other statements' business.
update channels set name = %(name)s, config = %(config)s, is_loopback = %(is_loopback)s,
  portfolio = %(portfolio)s, portfolio_limit = %(portfolio_limit)s, pair_seconds = %(pair_seconds)s
where id = %(id)s and not exists (
  select from channels other where other.workspace_id = channels.workspace_id and other.name = %(name)s and other.id <> channels.id)
returning id;

-- name: lock_all
-- Every channel of every workspace, in one order, so that two processes that seal secrets do not wait in a circle.
select id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at, contact_window as "window", portfolio, portfolio_limit, pair_seconds
from channels order by id for no key update;

-- name: set_config
-- The same account, its secrets under another seal.
update channels set config = %(config)s where id = %(id)s;

-- name: find
-- By id, or by the name a person gave it.
select id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at, contact_window as "window", portfolio, portfolio_limit, pair_seconds
from channels where workspace_id = %(workspace_id)s and (id = %(wanted)s or name = %(wanted)s)
order by (id = %(wanted)s) desc limit 1;

-- name: lock
-- The same, held: two changes at once do not undo each other.
select id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at
from channels where workspace_id = %(workspace_id)s and (id = %(wanted)s or name = %(wanted)s)
order by (id = %(wanted)s) desc limit 1 for no key update;

-- name: list
-- All of a workspace, oldest first; there are few.
select id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at, contact_window as "window", portfolio, portfolio_limit, pair_seconds
from channels where workspace_id = %(workspace_id)s order by created_at, id;

-- name: of_kind
-- Every channel a worker of this kind may dial on, in all workspaces.
select id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at, contact_window as "window", portfolio, portfolio_limit, pair_seconds
from channels where kind = %(kind)s order by id;
