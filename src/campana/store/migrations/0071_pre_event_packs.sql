-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- What a claim or a group of ends tells is alike but for the person, and a row and its index entries each cost more
-- than everything that is told. So one row may tell many events: `pack` has the subject and data of each, as JSON, and
-- `subject` and `data` say nothing. Every row is given 1,024 numbers of the sequence, of which most use the first; the
-- event at place p of a pack (from 1) has the number id + p - 1. `places`: those that happened, null is all.
alter table events
  add column pack text[],
  add column parts integer not null default 1 check (parts between 1 and 1024),
  add column places smallint[],
  add constraint events_pack_is_whole check (case when pack is null then parts = 1 and places is null else cardinality(pack) = parts end),
  alter column subject set default '',
  alter column data set default '{}',
  -- a thousand texts are not worth packing tighter while people are being contacted
  alter column pack set storage external,
  alter column id set increment by 1024;
-- Numbers of rows are 1 more than a multiple of it, so that the row of an event is known by its number.
select setval('events_id_seq', (newest / 1024 + 1) * 1024 + 1)
from (select last_value as newest from events_id_seq where is_called) drawn;

-- One line an event, whichever way it is kept. `row_id` and `parts` are its row's, which indexes know.
create view told_events with (security_invoker) as
  select e.workspace_id, e.id as row_id, e.parts, e.type, e.campaign_id, e.at, one.id, one.subject, one.data
  from events e cross join lateral (
    select e.id, e.subject, e.data where e.pack is null
    union all
    select e.id + place - 1, part::jsonb ->> 'subject', part::jsonb -> 'data'
    from unnest(e.pack) with ordinality as packed (part, place)
    where e.places is null or place = any(e.places)) one;
grant select on told_events to campana_web, campana_engine;

-- What an event says of nobody in particular.
create function emptied_event(data jsonb) returns jsonb
  language sql immutable set search_path = campana
  begin atomic
    select coalesce(jsonb_object_agg(key, case when key = any(array['id', 'campaignId', 'targetId', 'channelId',
      'contactId', 'number', 'state', 'disposition', 'sendingAt', 'answeredAt', 'endedAt', 'attemptCount', 'finishedAt',
      'scope', 'channelType', 'createdAt', 'expiresAt', 'erasureId']) then value else 'null' end), '{}')
    from jsonb_each(data);
  end;

create or replace function empty_events(of_workspace bigint, wanted bigint[]) returns bigint
  language sql volatile security definer set search_path = campana
  begin atomic
    update campana.events e set data = campana.emptied_event(e.data)
    where e.workspace_id = of_workspace and e.id = any(wanted) and e.pack is null;
    update campana.events e set pack = (
      select array_agg(case when e.id + place - 1 = any(wanted)
        then jsonb_build_object('subject', part::jsonb -> 'subject', 'data', campana.emptied_event(part::jsonb -> 'data'))::text
        else part end order by place)
      from unnest(e.pack) with ordinality as packed (part, place))
    where e.workspace_id = of_workspace and e.pack is not null
      and e.id = any(array(select number - (number - 1) % 1024 from unnest(wanted) w (number)));
    select coalesce(cardinality(wanted), 0)::bigint;
  end;

reset role;

-- migrate:down
