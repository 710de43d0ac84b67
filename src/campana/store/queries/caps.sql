-- Caps: how often a person was tried in the last days, over all campaigns, read from the attempts themselves.

-- name: hold_contacts
-- So that two claims never count one person's attempts at once. Whoever is held elsewhere is skipped, not
-- waited for: a claim that waits for people one by one could wait in a circle.
select id from contacts where id = any(%(contact_ids)s::bigint[]) for no key update skip locked;

-- name: reached
-- Of each person who has reached a cap, when the last of them opens again: a cap opens when the oldest of its
-- latest n attempts has become too old to count. What never touched the network does not count, nor do calls of their
-- own, nor the attempt that is being asked about. Indexes attempts_by_address, targets_of_contact.
select g.target_id, max(reached.created_at + c.days * interval '24 hours')
from unnest(%(target_ids)s::bigint[], %(contact_ids)s::bigint[], %(addresses)s::text[]) as g (target_id, contact_id, address)
cross join unnest(%(per_contact)s::boolean[], %(attempts)s::integer[], %(days)s::integer[]) as c (per_contact, attempts, days)
cross join lateral (
  select latest.created_at from (
    (select a.created_at from attempts a
     where not c.per_contact and a.workspace_id = %(workspace_id)s and a.address = g.address
       and a.created_at > %(now)s - c.days * interval '24 hours' and a.disposition is distinct from 'not_sent' and a.direction = 'outbound'
       and not (a.target_id = g.target_id and a.state not in ('ended', 'unknown'))
     order by a.created_at desc limit c.attempts)
    union all
    (select a.created_at from targets t join attempts a on a.target_id = t.id
     where c.per_contact and t.contact_id = g.contact_id
       and a.created_at > %(now)s - c.days * interval '24 hours' and a.disposition is distinct from 'not_sent' and a.direction = 'outbound'
       and not (a.target_id = g.target_id and a.state not in ('ended', 'unknown'))
     order by a.created_at desc limit c.attempts)) latest
  order by latest.created_at desc offset c.attempts - 1 limit 1) reached
group by g.target_id;
