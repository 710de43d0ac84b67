-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Erasure ----------------------------------------------------------------------------------------

-- A person who was erased stays as a row that says nothing, in no list: their targets and attempts go on counting.
alter table contacts alter column list_id drop not null;
alter table contacts add column erased_at timestamptz;
alter table contacts add constraint erased_are_in_no_list check ((erased_at is not null) = (list_id is null));

alter table workspaces
  -- what addresses of erased people are hashed with; sealed with a key that is not in this database
  add column erasure_key text,
  -- how long each class of what is known of people is kept, as written
  add column retention jsonb not null default '{}';
grant update (erasure_key, retention) on workspaces to campana_web;

-- Who was erased, at whose word. `dossier` is what the person is found by (sealed), for as long as there may be
-- something left to find.
create table erasures (
  id text primary key,
  workspace_id bigint not null references workspaces,
  contact_ids bigint[] not null check (cardinality(contact_ids) > 0),
  state text not null check (state in ('erasing', 'done')),
  reason text not null check (length(reason) between 1 and 500),
  requested_by text not null,
  dossier text,
  -- what holds it up, in words, as the last look found it
  waits_for text,
  requested_at timestamptz not null,
  done_at timestamptz,
  check ((state = 'done') = (dossier is null)),
  check ((state = 'done') = (done_at is not null))
);
create index erasures_newest on erasures (workspace_id, requested_at desc, id desc);
create index erasures_of_contacts on erasures using gin (contact_ids);
select protect('erasures', 'select, insert', 'select, insert, update');

-- Addresses nobody contacts any more and nobody can read: of erased people, hashed with the workspace's key.
create table erased_addresses (
  workspace_id bigint not null references workspaces,
  hash bytea not null check (length(hash) = 32),
  erasure_id text not null references erasures,
  erased_at timestamptz not null,
  primary key (workspace_id, hash)
);
select protect('erased_addresses', 'select, insert, update', 'select, insert, update');

-- HMAC-SHA256 (RFC 2104) of an address. `pads` are the key with 0x36 and with 0x5c over it, 64 bytes each; null
-- when the workspace has none, and then so is the answer.
create function keyed_hash(hashed text, pads bytea) returns bytea
  language sql stable strict parallel safe
  return sha256(substr(pads, 65) || sha256(substr(pads, 1, 64) || convert_to(hashed, 'UTF8')));

-- May an address not be contacted because its person was erased? Not if the person has agreed to be contacted since,
-- for as long as that agreement holds.
create function is_erased(
    of_workspace bigint, asked text, over_channel_type text, pads bytea, moment timestamptz) returns boolean
  language sql stable parallel safe
  return exists (
    select from campana.erased_addresses e
    where e.workspace_id = of_workspace and e.hash = campana.keyed_hash(asked, pads)
      and not coalesce((
        select k.is_granted and (k.expires_at is null or k.expires_at > moment) from campana.consents k
        where k.workspace_id = of_workspace and k.address = asked
          and (k.channel_type is null or k.channel_type = over_channel_type) and k.said_at > e.erased_at
        order by k.said_at desc, k.is_granted limit 1), false));

-- A moment as the API writes it.
create function wire(moment timestamptz) returns text
  language sql stable strict parallel safe
  return to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');

-- What happened stays append-only: no role may rewrite it. These two run as the owner, and all they can do is take the
-- person out: of an event only what is named here is kept, so that a field added tomorrow is not kept by mistake.
create function empty_events(of_workspace bigint, wanted bigint[]) returns bigint
  language sql volatile security definer set search_path = campana
  begin atomic
    update campana.events e set data = (
      select coalesce(jsonb_object_agg(key, case when key = any(array['id', 'campaignId', 'targetId', 'channelId',
        'contactId', 'number', 'state', 'disposition', 'sendingAt', 'answeredAt', 'endedAt', 'attemptCount', 'finishedAt',
        'scope', 'channelType', 'createdAt', 'expiresAt', 'erasureId']) then value else 'null' end), '{}')
      from jsonb_each(e.data))
    where e.workspace_id = of_workspace and e.id = any(wanted);
    select coalesce(cardinality(wanted), 0)::bigint;
  end;
revoke all on function empty_events from public;
grant execute on function empty_events to campana_engine;

-- `of_types`: only events of these; null is all. That it ended, and how, stays.
create function empty_attempt_events(wanted uuid[], of_types text[]) returns void
  language sql volatile security definer set search_path = campana
  begin atomic
    update campana.attempt_events e
    set detail = case when detail ? 'disposition' then jsonb_build_object('disposition', detail -> 'disposition') else '{}' end
    where e.attempt_id = any(wanted) and (of_types is null or e.type = any(of_types)) and e.detail <> '{}';
  end;
revoke all on function empty_attempt_events from public;
grant execute on function empty_attempt_events to campana_engine;

-- What the erasing of a person changes where nothing else ever changes.
grant update (body) on idempotency_keys to campana_engine;
grant update (column_name, value, reason, suggestion, cells) on import_errors to campana_engine;
grant update (value, reason) on suppression_import_errors to campana_engine;
grant delete on consents to campana_engine;
-- Why those who waited are not contacted is written with the request.
grant insert on target_decisions to campana_web;

-- Retention --------------------------------------------------------------------------------------

alter table voice_calls
  add column recording_removed_at timestamptz,
  add column transcript_removed_at timestamptz;

-- How far each class has come: what happened up to here is as old as it may be, and gone.
create table retention_marks (
  workspace_id bigint not null references workspaces,
  class text not null check (class in ('recordings', 'transcripts', 'attempts')),
  done_at timestamptz not null,
  done_id uuid not null,
  primary key (workspace_id, class)
);
select protect('retention_marks', '', 'select, insert, update');

reset role;

-- migrate:down
