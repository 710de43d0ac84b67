-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- As before, and of what a key's request changed the key is named as it is named now; looked up here, where something
-- did change, so that no other request pays for it.
create or replace function note_change() returns trigger
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

-- The log of one person or program, and of all people without the programs, which may be many times as many.
create index audit_entries_of_actor on audit_entries (workspace_id, actor, id desc);
create index audit_entries_of_people on audit_entries (workspace_id, id desc) where person_id is not null;

reset role;

-- migrate:down
