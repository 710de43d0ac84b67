-- What goes back to the quota of a day. An attempt is of the day it was claimed on, or moved to another trunk: no
-- claim is made under a promise of the day before. A call that came in was granted nothing.

-- name: hold
-- Pacing rows of the channels that any of these attempts has to give something back to, in one order: whoever holds
-- several waits in no circle. Where there is no quota nobody waits for anybody.
select p.channel_id from pacing p
where p.channel_id = any(
  select a.channel_id from attempts a join channels c on c.id = a.channel_id
  where a.id = any(%(ids)s::uuid[]) and a.disposition = 'not_sent'
    and (c.daily_attempts is not null or a.trunk is not null))
order by p.channel_id for update;

-- name: give_back
-- To the channels, behind their pacing rows. Of a call that moved to another trunk the first one has heard.
with unsent as materialized (
  select channel_id, (created_at at time zone 'UTC')::date as day, count(*)::integer as sends from attempts
  where id = any(%(ids)s::uuid[]) and direction = 'outbound' and disposition = 'not_sent' and moved_at is null group by 1, 2)
update pacing p set day_sends = greatest(0, p.day_sends - unsent.sends)
from unsent where p.channel_id = unsent.channel_id and p.channel_id = any(%(channel_ids)s::text[]) and p.day = unsent.day;

-- name: give_back_to_trunks
-- To the trunks that did not hear of them, behind the same rows.
with unsent as materialized (
  select channel_id, trunk, (coalesce(moved_at, created_at) at time zone 'UTC')::date as day, count(*)::integer as sends
  from attempts where id = any(%(ids)s::uuid[]) and direction = 'outbound' and disposition = 'not_sent' and trunk is not null group by 1, 2, 3)
update trunk_pacing t set day_sends = greatest(0, t.day_sends - unsent.sends)
from unsent where t.channel_id = unsent.channel_id and t.trunk = unsent.trunk and t.day = unsent.day;

-- name: sent_on
-- What has been granted of a channel's day.
select day_sends from pacing where channel_id = %(channel_id)s and day = %(day)s;
