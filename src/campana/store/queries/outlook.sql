-- What a launch would find in a list, without writing anything.

-- name: judged
-- Everybody of a list in one pass, as enrolling would take them (the first address for the channel), with what the gate asks for
-- and what a number may cost (`prefix`): how the two statements below begin. Who shares an address with somebody before is a
-- duplicate, as the unique index on targets would say. What expires is asked about as of the moment when their hours open first
-- (`opens`, by zones): then the gate will ask.
with campaign as materialized (
  select address_kinds(channel_type, type) as kinds from campaigns where id = %(campaign_id)s),
people as materialized (
  -- which variant they get: as domain/variants.py says
  select c.id, c.first_name, c.last_name, c.zones, a.value as address, a.country, width_bucket((
    ('x' || encode(substr(sha256(convert_to(%(campaign_id)s || ':' || c.id, 'UTF8')), 1, 4), 'hex'))::bit(32)::bigint
    %% 10000)::integer, %(bounds)s::integer[]) as variant
  from contacts c cross join campaign
  left join lateral (
    select value, country from contact_addresses where contact_id = c.id and kind = any(kinds)
    order by array_position(kinds, kind), position limit 1) a on true
  where c.list_id = %(list_id)s),
found as (
  select id, first_name, last_name, zones, country, variant, address, left(address, %(prefix_length)s) as prefix,
    case when %(requires_consent)s and address is not null then coalesce((
      select k.is_granted and (k.expires_at is null
        or k.expires_at > coalesce((%(opens)s::jsonb ->> array_to_string(people.zones, ','))::timestamptz, %(now)s)) from consents k
      where k.workspace_id = %(workspace_id)s and k.address = people.address
        and (k.channel_type is null or k.channel_type = %(channel_type)s)
      order by k.said_at desc, k.is_granted limit 1), false) end as has_consent,
    address is not null and row_number() over (partition by address order by id) > 1 as is_duplicate,
    -- asked only where there are caps, as the claim asks it (queries/caps.sql); those put off for about as long are alike
    case when %(cap_attempts)s::integer[] <> '{}' and address is not null then (
      select date_bin(last.step, last.at, timestamptz '2000-01-01Z') from (
        select max(opens.at) as at,
          case when max(opens.at) > %(now)s + interval '1 day' then interval '1 hour' else interval '15 minutes' end as step
        from (select reached.created_at + p.days * interval '24 hours' as at
        from unnest(%(cap_per_contact)s::boolean[], %(cap_attempts)s::integer[], %(cap_days)s::integer[]) as p (per_contact, attempts, days)
        cross join lateral (
          select latest.created_at from (
            (select a.created_at from attempts a
             where not p.per_contact and a.workspace_id = %(workspace_id)s and a.address = people.address
               and a.created_at > %(now)s - p.days * interval '24 hours' and a.disposition is distinct from 'not_sent'
               and a.direction = 'outbound'
             order by a.created_at desc limit p.attempts)
            union all
            (select a.created_at from targets t join attempts a on a.target_id = t.id
             where p.per_contact and t.contact_id = people.id
               and a.created_at > %(now)s - p.days * interval '24 hours' and a.disposition is distinct from 'not_sent'
               and a.direction = 'outbound'
             order by a.created_at desc limit p.attempts)) latest
          order by latest.created_at desc offset p.attempts - 1 limit 1) reached) opens) last) end as capped_until,
    -- asked only where anything but a template needs a person who wrote lately (domain/conversation.py)
    %(care_channel)s::text is not null and exists (
      select from conversations v where v.workspace_id = %(workspace_id)s and v.channel_id = %(care_channel)s
        and v.address = people.address and v.last_inbound_at > %(wrote_after)s) as has_written,
    coalesce(
      (select s.scope from suppressions s
       where s.workspace_id = %(workspace_id)s and s.address = people.address
         and (s.expires_at is null
           or s.expires_at > coalesce((%(opens)s::jsonb ->> array_to_string(people.zones, ','))::timestamptz, %(now)s))
         and (s.scope = 'workspace' or s.campaign_id = %(campaign_id)s or s.channel_type = %(channel_type)s)
       order by s.scope desc limit 1),
      case when %(pads)s::bytea is not null
        and is_erased(%(workspace_id)s, people.address, %(channel_type)s, %(pads)s::bytea, %(now)s)
        then 'workspace' end) as suppressed_by
  from people),
judged as (
  select *, row(zones, country, variant, prefix, has_consent is true, address is null, is_duplicate, suppressed_by, has_written,
    capped_until)::text
    as crowd
  from found)

-- name: crowds
-- Those who are alike in all of it are one row: of a list of a million a few hundred, each with whose turn would be first. By one
-- text instead of its ten parts, and ids put in order afterwards: so they are gathered without sorting everybody.
select key, zones, country, variant, address, has_consent, is_duplicate, suppressed_by, has_written, capped_until, people,
  array(select id from unnest(ids) as id order by id limit %(most)s) as first_ids
from (
  select crowd as key, any_value(zones) as zones, any_value(country) as country, any_value(variant) as variant, min(address) as address,
    bool_or(has_consent is true) as has_consent, bool_or(is_duplicate) as is_duplicate, any_value(suppressed_by) as suppressed_by,
    bool_or(has_written) as has_written, any_value(capped_until) as capped_until, count(*) as people, array_agg(id) as ids
  from judged group by crowd) alike;

-- name: people
-- The people of some crowds one by one, in the order they came in; of all crowds where none is named.
select id, crowd, first_name, last_name, zones, country, address
from judged where id > %(after)s and (%(crowds)s::text[] is null or crowd = any(%(crowds)s::text[]))
order by id limit %(limit)s;

-- name: zones
-- Where they may be: each set of zones once.
select distinct c.zones from contacts c where c.list_id = %(list_id)s;

-- name: named
-- Those whose turn is known, as enrolling would take them.
select c.id, c.first_name, c.last_name, c.zones, a.country, a.value as address
from contacts c
cross join (select address_kinds(channel_type, type) as kinds from campaigns where id = %(campaign_id)s) campaign
left join lateral (
  select value, country from contact_addresses where contact_id = c.id and kind = any(kinds)
  order by array_position(kinds, kind), position limit 1) a on true
where c.workspace_id = %(workspace_id)s and c.id = any(%(ids)s::bigint[]);

-- name: beside
-- Who waits in the other campaigns that run on a channel, with what they say of tries; from the index due_in_order.
select c.id, w.waiting from campaigns c
cross join lateral (select count(*) as waiting from due d where d.campaign_id = c.id) w
where c.workspace_id = %(workspace_id)s and c.channel_id = %(channel_id)s and c.state = 'running' and c.id <> %(campaign_id)s
  and w.waiting > 0;
