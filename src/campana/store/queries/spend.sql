-- Prices, and what attempts cost: reserved in the claim, settled at the end. The rows of spending are the
-- locks: whoever changes them takes the day's first and the campaign's second, before writing an attempt.

-- name: forget_prices
-- The table is replaced whole.
delete from prices where workspace_id = %(workspace_id)s;

-- name: add_prices
-- All entries of a table at once.
insert into prices (workspace_id, channel_type, prefix, per, amount)
select %(workspace_id)s, * from unnest(%(channel_types)s::text[], %(prefixes)s::text[], %(pers)s::text[], %(amounts)s::numeric[]);

-- name: all_prices
-- As people wrote them, in order.
select channel_type, prefix, per, amount from prices where workspace_id = %(workspace_id)s order by channel_type, prefix;

-- name: prices
-- Those of the table that may be about somebody in a claim.
select prefix, per, amount from prices
where workspace_id = %(workspace_id)s and channel_type = %(channel_type)s and prefix = any(%(prefixes)s);

-- name: open_purses
-- So that there is a row to lock.
insert into spending (workspace_id, purse) values (%(workspace_id)s, %(day)s), (%(workspace_id)s, %(campaign_id)s)
on conflict do nothing;

-- name: hold_purse
-- Held until the transaction ends: no other claim promises the same money.
select spent, reserved from spending where workspace_id = %(workspace_id)s and purse = %(purse)s for update;

-- name: look
-- For whoever watches: what a day or a campaign has spent and promised, held by nobody.
select spent, reserved from spending where workspace_id = %(workspace_id)s and purse = %(purse)s;

-- name: reserve
-- What each attempt may cost at worst, with the price it was reckoned by.
with made as (
  insert into charges (attempt_id, workspace_id, campaign_id, day, per, amount, reserved)
  select g.id, %(workspace_id)s, %(campaign_id)s, %(day)s, g.per, g.amount, g.reserved
  from unnest(%(ids)s::uuid[], %(pers)s::text[], %(amounts)s::numeric[], %(reserved)s::numeric[]) as g (id, per, amount, reserved)
  returning reserved)
update spending set reserved = spending.reserved + (select coalesce(sum(made.reserved), 0) from made)
where workspace_id = %(workspace_id)s and purse in (%(day)s, %(campaign_id)s);

-- name: charge
-- What was reserved for an attempt, if it has a price.
select workspace_id, campaign_id, day, per, amount, reserved, cost from charges where attempt_id = %(attempt_id)s;

-- name: settle
-- The promise becomes a cost; a cost that was reckoned before, of an attempt nobody knew about, is corrected.
with settled as (
  update charges set cost = %(cost)s where attempt_id = %(attempt_id)s)
update spending set reserved = reserved - %(released)s, spent = spent + %(added)s
where workspace_id = %(workspace_id)s and purse in (%(day)s, %(campaign_id)s);
