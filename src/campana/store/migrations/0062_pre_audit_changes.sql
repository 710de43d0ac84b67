-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Asked is written before anything is done, changed with what was done and in the same transaction.
alter table audit_entries drop constraint if exists audit_entries_result_check;
alter table audit_entries add constraint audit_entries_result_check check (result in ('asked', 'refused', 'changed'));

-- A list of objects as one object: by their ids, where each has one, so that a step that is put between others is one
-- change; else by their places. Anything else as it is, and null as nothing.
create function parts_of(value jsonb) returns jsonb
  language plpgsql immutable set search_path = campana as $$
begin
  if value is null or value = 'null' then
    return null;
  elsif jsonb_typeof(value) <> 'array' or jsonb_path_exists(value, '$[*] ? (@.type() != "object")') then
    return case value when '[]' then '{}' else value end;
  elsif jsonb_path_exists(value, '$[*] ? (!exists(@.id) || @.id.type() != "string")') then
    return (select coalesce(jsonb_object_agg(place::text, part), '{}')
      from jsonb_array_elements(value) with ordinality as given (part, place));
  end if;
  return (select coalesce(jsonb_object_agg(part ->> 'id', part), '{}') from jsonb_array_elements(value) as given (part));
end $$;

-- What of a changed thing may be kept for good: no secret, and no text without end.
create function fit_to_keep(field text, value jsonb) returns jsonb
  language sql immutable set search_path = campana
  begin atomic
    select case
      when value is null or value = 'null' then null
      when regexp_replace(field, '^.*\.', '') ~* '(secret|token|passw|hash|sealed|api[-_]?key|authori|x-auth|cookie|erasure_key)'
        or value::text ~ '"(sealed:|gAAAA)'
        -- told as a whole, with a secret in it
        or value::text ~* '"[^"]*(secret|token|passw|hash|sealed|api[-_]?key|authori|x-auth|cookie)[^"]*": ' then '"***"'
      when length(value #>> '{}') > 200 then to_jsonb(left(value #>> '{}', 200) || '…')
      else value
    end;
  end;

-- Field by field, from what to what, as deep as both are objects; a field that is new or gone has null on one side.
create function differences(path text, was jsonb, becomes jsonb) returns table (field text, before jsonb, after jsonb)
  language plpgsql immutable set search_path = campana as $$
declare
  old_parts jsonb := parts_of(was);
  new_parts jsonb := parts_of(becomes);
  name text;
  old_part jsonb;
  new_part jsonb;
begin
  if old_parts is not distinct from new_parts then
    return;
  end if;
  if jsonb_typeof(coalesce(old_parts, new_parts)) = 'object' and jsonb_typeof(coalesce(new_parts, old_parts)) = 'object'
    -- what is new or gone as a whole, and long, is told as one
    and (path = '' or num_nulls(old_parts, new_parts) = 0 or length(coalesce(old_parts, new_parts)::text) < 4000)
  then
    -- more than a page of them nobody reads, and it is the transaction of somebody who waits
    for name, old_part, new_part in
      select key, o.value, n.value
      from jsonb_each(coalesce(old_parts, '{}')) o full join jsonb_each(coalesce(new_parts, '{}')) n using (key)
      where o.value is distinct from n.value
      order by key limit 100
    loop
      return query select * from differences(case when path = '' then name else path || '.' || name end, old_part, new_part);
    end loop;
    return;
  end if;
  return query select path, fit_to_keep(path, was), fit_to_keep(path, becomes);
end $$;

-- In a transaction that somebody's request began (`campana.asked` says whose): what it changed of this row. What
-- programs count and when they did says nothing about anybody's will. A key is named as it is named now, looked up where
-- something did change, so that no other request pays for it.
create function note_change() returns trigger
  language plpgsql set search_path = campana as $$
declare
  asked jsonb := current_setting('campana.asked')::jsonb;
  ignored text[] := array['id', 'workspace_id', 'created_at', 'updated_at', 'version', 'revision', 'cursor', 'failing_since', 'failures',
    'retry_at', 'last_ms', 'missed', 'signed_in_at', 'last_used_at', 'text'];
  old_row jsonb := case when tg_op = 'INSERT' then '{}' else to_jsonb(old) end;
  new_row jsonb := case when tg_op = 'DELETE' then '{}' else to_jsonb(new) end;
  row_now jsonb := case when tg_op = 'DELETE' then old_row else new_row end;
  program text;
  fields jsonb;
begin
  select jsonb_agg(jsonb_build_array(field, before, after) order by place) into fields
  from differences('', old_row - ignored, new_row - ignored) with ordinality as found (field, before, after, place)
  where place <= 60;
  if fields is not null then
    select 'API key ' || k.name || ' (' || k.id || ')' into program from api_keys k where k.id = asked ->> 'key_id';
    insert into audit_entries (workspace_id, at, person_id, actor, action, subject, result, detail, client, request_id)
    values ((row_now ->> 'workspace_id')::bigint, (asked ->> 'at')::timestamptz, asked ->> 'person_id',
      left(coalesce(program, asked ->> 'actor'), 300),
      asked ->> 'action', left(coalesce(row_now ->> 'webhook_id', row_now ->> 'id', row_now ->> 'channel_id', row_now ->> 'name', ''), 300), 'changed',
      jsonb_build_object('of', tg_table_name, 'how', case tg_op when 'INSERT' then 'made' when 'DELETE' then 'removed' else 'changed' end,
        'fields', fields),
      asked ->> 'client', asked ->> 'request_id');
  end if;
  return null;
end $$;

do $$
declare
  resource text;
begin
  foreach resource in array array['campaigns', 'contact_lists', 'channels', 'channel_keywords', 'flows', 'flow_credentials',
    'reference_tables', 'templates', 'voicebots', 'webhooks', 'webhook_secrets', 'people', 'invitations', 'workspaces', 'api_keys']
  loop
    execute format('create trigger note_change after insert or update or delete on %I for each row'
      ' when (coalesce(current_setting(''campana.asked'', true), '''') <> '''') execute function note_change()', resource);
  end loop;
end $$;

-- Each entry is sealed some minutes after it was written, into a chain a workspace: a seal is the SHA-256 of the one
-- before and of its entry, so that nobody can change, remove or put in an entry without making all later seals anew.
-- Behind the writing, not with it: whoever acts in the console waits for nobody. The console's role makes no seals.
create table audit_seals (
  workspace_id bigint not null references workspaces,
  number bigint not null check (number >= 1),
  entry_id bigint not null unique,
  digest bytea not null check (length(digest) = 32),
  sealed_at timestamptz not null,
  primary key (workspace_id, number)
);
select protect('audit_seals', 'select', 'select, insert');

create function seal_of(before bytea, entry audit_entries) returns bytea
  language sql stable set search_path = campana
  begin atomic
    select sha256(coalesce(before, '') || convert_to(jsonb_build_array(entry.id, entry.workspace_id,
      extract(epoch from entry.at)::text, entry.person_id, entry.actor, entry.action, entry.subject, entry.result, entry.detail,
      entry.client, entry.request_id)::text, 'UTF8'));
  end;

-- The entries of a workspace up to a moment that have no seal yet, in order; how many there were. An entry that was
-- committed late may have a lower number than one with a seal.
create function seal_audit(workspace bigint, upto timestamptz, moment timestamptz, most integer) returns integer
  language plpgsql set search_path = campana as $$
declare
  last_number bigint;
  last_entry bigint;
  last_digest bytea;
  entry audit_entries;
  made integer := 0;
begin
  select number, entry_id, digest into last_number, last_entry, last_digest from audit_seals
  where workspace_id = workspace order by number desc limit 1;
  for entry in
    select a.* from audit_entries a
    where a.workspace_id = workspace and a.id > coalesce(last_entry, 0) - 1000 and a.at <= upto
      and not exists (select from audit_seals s where s.entry_id = a.id)
    order by a.id limit most
  loop
    last_number := coalesce(last_number, 0) + 1;
    last_digest := seal_of(last_digest, entry);
    insert into audit_seals (workspace_id, number, entry_id, digest, sealed_at)
    values (workspace, last_number, entry.id, last_digest, moment);
    made := made + 1;
  end loop;
  return made;
end $$;

reset role;

-- migrate:down
