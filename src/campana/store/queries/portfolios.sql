-- Whom a portfolio of channels wrote to first in the last 24 hours, and who was written to a moment ago.

-- name: limits
-- What the provider of the channel limits besides its pace.
select workspace_id, portfolio, portfolio_limit, pair_seconds from channels where id = %(channel_id)s;

-- name: hold_pairs
-- Of two claims at once on a channel that keeps messages to one person apart, the second sees what the first sends.
select pg_advisory_xact_lock(%(space)s, hashtext(%(channel_id)s));

-- name: written_since
-- When these were last written to on this channel. Index attempts_by_address.
select a.address, max(a.created_at) from attempts a
where a.workspace_id = %(workspace_id)s and a.address = any(%(addresses)s) and a.created_at > %(since)s
  and a.channel_id = %(channel_id)s and a.disposition is distinct from 'not_sent'
group by a.address;

-- name: hold
-- Every claim on any channel of the portfolio passes here, one after the other.
insert into portfolios (workspace_id, name) values (%(workspace_id)s, %(name)s)
on conflict (workspace_id, name) do update set recipients = portfolios.recipients
returning recipients;

-- name: forget
-- Those whose day is over: their places are free. Index portfolio_recipients_oldest.
with gone as (
  delete from portfolio_recipients where workspace_id = %(workspace_id)s and name = %(name)s and at <= %(before)s returning 1)
update portfolios set recipients = recipients - (select count(*) from gone)
where workspace_id = %(workspace_id)s and name = %(name)s
returning recipients;

-- name: known
-- Of these, whom the portfolio has written to already: once more costs no place.
select address from portfolio_recipients
where workspace_id = %(workspace_id)s and name = %(name)s and address = any(%(addresses)s);

-- name: oldest
-- When the next places become free, soonest first.
select at from portfolio_recipients where workspace_id = %(workspace_id)s and name = %(name)s
order by at limit %(limit)s;

-- name: note
-- They are written to now: the day of each begins anew.
with noted as (
  insert into portfolio_recipients (workspace_id, name, address, at)
  select %(workspace_id)s, %(name)s, address, %(now)s from unnest(%(addresses)s::text[]) as address
  on conflict (workspace_id, name, address) do update set at = excluded.at
  returning (xmax = 0) as is_new)
update portfolios set recipients = recipients + (select count(*) from noted where is_new)
where workspace_id = %(workspace_id)s and name = %(name)s;

-- name: standing
-- How many were written to in which hour, oldest first: what preflight begins with. Each hour by its last moment.
select max(at), count(*)::integer from portfolio_recipients
where workspace_id = %(workspace_id)s and name = %(name)s and at > %(after)s
group by date_trunc('hour', at, 'UTC') order by 1;
