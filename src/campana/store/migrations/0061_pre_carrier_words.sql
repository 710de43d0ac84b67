-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- What a carrier said, in its own words, beside what we made of it; null where it said nothing, and for what we know
-- by ourselves. It names the person: it goes with them, and with the class of attempts.
alter table callback_inbox add column body text;
alter table named_reports add column body text;
alter table attempt_events
  add column body text,
  add column received_at timestamptz;

create or replace function keep_callbacks(kept jsonb) returns void
  language sql volatile security definer set search_path = campana
  begin atomic
    insert into campana.callback_inbox (workspace_id, channel_id, attempt_id, report, type, at, detail, received_at, body)
    select workspace_id, channel_id, attempt_id, report, type, at, detail, received_at, body
    from jsonb_to_recordset(kept) as g (workspace_id bigint, channel_id text, attempt_id uuid, report text, type text,
      at timestamptz, detail jsonb, received_at timestamptz, body text);
  end;

create or replace function empty_attempt_events(wanted uuid[], of_types text[]) returns void
  language sql volatile security definer set search_path = campana
  begin atomic
    update campana.attempt_events e
    set detail = case when detail ? 'disposition' then jsonb_build_object('disposition', detail -> 'disposition') else '{}' end,
      body = null
    where e.attempt_id = any(wanted) and (of_types is null or e.type = any(of_types))
      and (e.detail <> '{}' or e.body is not null);
  end;

reset role;

-- migrate:down
