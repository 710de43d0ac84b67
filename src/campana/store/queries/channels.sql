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
update channels set name = %(name)s, config = %(config)s, is_loopback = %(is_loopback)s, contact_window = %(window)s,
  portfolio = %(portfolio)s, portfolio_limit = %(portfolio_limit)s, pair_seconds = %(pair_seconds)s
where id = %(id)s and not exists (
  select from channels other where other.workspace_id = channels.workspace_id and other.name = %(name)s and other.id <> channels.id)
returning id;

-- name: lock_all
-- Every channel of every workspace, in one order, so that two processes that seal secrets do not wait in a circle.
select id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at, contact_window as "window", portfolio, portfolio_limit, pair_seconds, paused_at, paused_by, pause_reason
from channels order by id for no key update;

-- name: pause
-- Of one that is paused already it stays as it was said first.
update channels set paused_at = %(now)s, pause_reason = %(reason)s,
  paused_by = coalesce((select 'the key ' || name from api_keys where id = %(actor)s), %(actor)s)
where id = %(id)s and paused_at is null returning id;

-- name: resume
-- The reason goes with the pause; both stay in its actions.
update channels set paused_at = null, paused_by = null, pause_reason = null
where id = %(id)s and paused_at is not null returning id;

-- name: note
-- In the transaction of the action itself. A key is named as its owner named it, so that the name outlives it.
insert into channel_actions (workspace_id, channel_id, action, actor, at, reason)
values (%(workspace_id)s, %(channel_id)s, %(action)s,
  coalesce((select 'the key ' || name from api_keys where id = %(actor)s), %(actor)s), %(now)s, %(reason)s);

-- name: actions
-- Newest first.
select action, actor, at, reason from channel_actions where channel_id = %(channel_id)s order by id desc limit %(limit)s;

-- name: set_config
-- The same account, its secrets under another seal.
update channels set config = %(config)s where id = %(id)s;

-- name: find
-- By id, or by the name a person gave it.
select id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at, contact_window as "window", portfolio, portfolio_limit, pair_seconds, paused_at, paused_by, pause_reason
from channels where workspace_id = %(workspace_id)s and (id = %(wanted)s or name = %(wanted)s)
order by (id = %(wanted)s) desc limit 1;

-- name: lock
-- The same, held: two changes at once do not undo each other. All of it: what is changed is written back whole. Who
-- stands still with it for two seconds has changed nothing: it may hold what is granted on the channel.
select id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at, contact_window as "window", portfolio, portfolio_limit, pair_seconds, paused_at, paused_by, pause_reason
from (select set_config('idle_in_transaction_session_timeout', '2s', true) offset 0) limited, channels
where workspace_id = %(workspace_id)s and (id = %(wanted)s or name = %(wanted)s)
order by (id = %(wanted)s) desc limit 1 for no key update of channels;

-- name: list
-- All of a workspace, oldest first; there are few.
select id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at, contact_window as "window", portfolio, portfolio_limit, pair_seconds, paused_at, paused_by, pause_reason
from channels where workspace_id = %(workspace_id)s order by created_at, id;

-- name: of_kinds
-- Every channel a worker of these kinds may send on, in all workspaces.
select id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst, lines, daily_attempts, created_at, contact_window as "window", portfolio, portfolio_limit, pair_seconds, paused_at, paused_by, pause_reason
from channels where kind = any(%(kinds)s) order by id;

-- name: standing
-- How each channel of a workspace is doing. Who waits is counted no further than a page can say: what is due may be
-- millions, and every line of the answer would read them all.
select c.id, coalesce(p.failing, 0) as failing, p.down_until, coalesce(p.refused_calls, 0) as refused_calls,
  case when p.day = %(today)s then p.day_sends else 0 end as used_today,
  (select count(*) from attempts a where a.channel_id = c.id and a.state not in ('ended', 'unknown')) as in_use,
  (select count(*) from campaigns k where k.channel_id = c.id and k.state = 'running') as campaigns,
  (select count(*) from (
    select from campaigns k join due d on d.campaign_id = k.id
    where k.channel_id = c.id and k.state = 'running' limit %(most)s) w) as waiting
from channels c left join pacing p on p.channel_id = c.id
where c.workspace_id = %(workspace_id)s order by c.created_at, c.id;
