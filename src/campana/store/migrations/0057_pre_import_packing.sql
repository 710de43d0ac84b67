-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Who writes thousands of contacts takes their ids first, so that their addresses need not wait for them to come back.
grant usage on sequence contacts_id_seq to campana_web, campana_engine;

-- An index is gone down once for each address to see its contact, which was a fifth of what storing addresses cost.
-- The contacts of a statement are mostly new and numbered on end: when every number from the first to the last is
-- somebody, all are, and one walk along the index tells.
create or replace function addresses_have_a_contact() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  first bigint;
  last bigint;
  asked bigint;
begin
  select min(contact_id), max(contact_id), count(*) into first, last, asked from made;
  if last - first < 2 * asked
    and (select count(*) from campana.contacts where id between first and last) = last - first + 1 then
    return null;
  end if;
  if exists (select from made m where (select c.id from campana.contacts c where c.id = m.contact_id) is null) then
    raise foreign_key_violation using message = 'an address is of no contact', constraint = 'addresses_have_a_contact';
  end if;
  return null;
end $$;

-- Addresses of a list are all of one or two kinds: to compare those first is to compare for nothing, at each of twenty
-- steps down the index.
create unique index contact_addresses_by_list on contact_addresses (list_id, value, kind);
drop index contact_addresses_by_value;
alter index contact_addresses_by_list rename to contact_addresses_by_value;

-- Who counts the people of a list writes a row that belongs to it: that it is there is known by then.
drop trigger contacts_have_a_list on contacts;
drop function contacts_have_a_list;

-- Two foreign keys were half of what keeping a refused row cost. The workspace follows from the import; the import
-- is looked up once a statement, and takes its refused rows with it as a cascade did.
alter table import_errors drop constraint if exists import_errors_workspace_id_fkey;
alter table import_errors drop constraint if exists import_errors_import_id_fkey;

create function errors_have_an_import() returns trigger language plpgsql set enable_seqscan = off as $$
declare wanted text[] := array(select distinct import_id from made);
begin
  perform from campana.imports where id = any(wanted) order by id for key share;
  if exists (select from unnest(wanted) as w(id) where not exists (
    select from campana.imports i where i.id = w.id)) then
    raise foreign_key_violation using message = 'a refused row is of no import', constraint = 'errors_have_an_import';
  end if;
  return null;
end $$;
create trigger errors_have_an_import after insert on import_errors
  referencing new table as made for each statement execute function errors_have_an_import();

create function remove_errors_of_import() returns trigger
language plpgsql security definer set search_path = campana set enable_seqscan = off as $$
begin
  delete from campana.import_errors where import_id = old.id;
  return null;
end $$;
revoke all on function remove_errors_of_import from public;
create trigger remove_errors after delete on imports for each row execute function remove_errors_of_import();

reset role;

-- migrate:down
