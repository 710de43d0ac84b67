-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- A foreign key asks for each row, by a query of its own, and locks what it finds: half of what storing a person
-- cost. These ask the same once a statement. Whoever writes contacts of a list holds it (lists.lock), so that an
-- answer about a contact stays true; the list itself is locked as a foreign key does it.
alter table contacts drop constraint if exists contacts_list_id_fkey;
alter table contact_addresses drop constraint if exists contact_addresses_contact_id_fkey;

-- Sequential scans are off in these: a plan made while a table was empty is kept for as long as a session lives.
create function contacts_have_a_list() returns trigger language plpgsql set enable_seqscan = off as $$
declare wanted text[] := array(select distinct list_id from made);
begin
  perform from campana.contact_lists where id = any(wanted) order by id for key share;
  if exists (select from unnest(wanted) as w(id) where not exists (
    select from campana.contact_lists l where l.id = w.id)) then
    raise foreign_key_violation using message = 'a contact is of no list', constraint = 'contacts_have_a_list';
  end if;
  return null;
end $$;
create trigger contacts_have_a_list after insert on contacts
  referencing new table as made for each statement execute function contacts_have_a_list();

create function addresses_have_a_contact() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  if exists (select from made m where (select c.id from campana.contacts c where c.id = m.contact_id) is null) then
    raise foreign_key_violation using message = 'an address is of no contact', constraint = 'addresses_have_a_contact';
  end if;
  return null;
end $$;
create trigger addresses_have_a_contact after insert on contact_addresses
  referencing new table as made for each statement execute function addresses_have_a_contact();

-- What a foreign key's cascade did.
create function remove_contacts_of_list() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  delete from campana.contacts where list_id = old.id;
  return null;
end $$;
create trigger remove_contacts after delete on contact_lists
  for each row execute function remove_contacts_of_list();

create function remove_addresses_of_contacts() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  delete from campana.contact_addresses a using gone where a.contact_id = gone.id;
  return null;
end $$;
create trigger remove_addresses after delete on contacts
  referencing old table as gone for each statement execute function remove_addresses_of_contacts();

-- Nothing moves from one to another.
create function stays_where_it_is() returns trigger language plpgsql as $$
begin
  raise integrity_constraint_violation using message = tg_table_name || ' stay where they are';
end $$;
create trigger contacts_stay before update of id, list_id on contacts
  for each row when (old.id <> new.id or old.list_id <> new.list_id) execute function stays_where_it_is();
create trigger addresses_stay before update of contact_id on contact_addresses
  for each row when (old.contact_id <> new.contact_id) execute function stays_where_it_is();

reset role;

-- migrate:down
