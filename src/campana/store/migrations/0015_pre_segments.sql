-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Words a person is marked with, sorted, each once. The index holds only who has any: an import without tags
-- pays nothing for it.
alter table contacts add column tags text[] not null default '{}';
create index contacts_by_tag on contacts using gin (tags) where tags <> '{}';

-- A list that is a question: `where` as written, and the lists it names by what they were called then.
alter table contact_lists add column segment jsonb;
alter table contact_lists add constraint segment_asks check (
  segment is null or (segment ? 'where' and jsonb_typeof(segment -> 'where') = 'string'));

-- Enrolling a segment walks through the workspace's lists one after another, and a campaign that follows it does so
-- again and again: the list it is in (`last_contact_id` is how far), how far it has looked for those who left, and when
-- a round ended last.
alter table enrollments add column scan_list_id text;
alter table enrollments add column left_after bigint not null default 0;
alter table enrollments add column swept_at timestamptz;
-- Who adds a segment to a campaign has it walked through anew.
grant update (last_contact_id, scan_list_id) on enrollments to campana_web;

-- How two values of a segment stand to each other as CEL has it: below zero, zero, above; null when one is not there
-- or they are of different kinds. Texts by code point, whatever the database's collation.
create function segment_order(one jsonb, other jsonb) returns integer
  language sql immutable parallel safe
  return case
    when jsonb_typeof(one) <> jsonb_typeof(other) or one is null or other is null then null
    when jsonb_typeof(one) = 'string' then
      case when (one #>> '{}') collate "C" < (other #>> '{}') collate "C" then -1
        when one = other then 0 else 1 end
    when jsonb_typeof(one) in ('number', 'boolean') then
      case when one < other then -1 when one = other then 0 else 1 end end;

-- A value as a text, if it is one.
create function segment_text(value jsonb) returns text
  language sql immutable parallel safe
  return case when jsonb_typeof(value) = 'string' then value #>> '{}' end;

-- Does a text end so?
create function segment_ends(whole text, part text) returns boolean
  language sql immutable parallel safe
  return right(whole, char_length(part)) = part;

-- What was tried with a person: attempts made of this contact, and to any of its addresses whatever list they were
-- in then. What never touched the network was not tried. Indexes attempts_by_address, targets_of_contact.
create function attempts_of(contact bigint)
  returns table (id uuid, channel_type text, disposition text, created_at timestamptz)
  language sql stable
  begin atomic
    select a.id, h.channel_type, a.disposition, a.created_at
    from (
      select x.id from campana.contact_addresses d
      join campana.attempts x on x.workspace_id = d.workspace_id and x.address = d.value
      where d.contact_id = attempts_of.contact
      union
      select y.id from campana.targets t join campana.attempts y on y.target_id = t.id
      where t.contact_id = attempts_of.contact) tried
    join campana.attempts a on a.id = tried.id
    join campana.channels h on h.id = a.channel_id
    where a.disposition is distinct from 'not_sent';
  end;

reset role;

-- migrate:down
