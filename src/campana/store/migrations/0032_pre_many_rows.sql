-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- How many people each list has: counting a million takes a second, and every page that names a list says it. Written
-- by triggers alone, in the transaction that adds or removes people, which holds the list (lists.lock): one such
-- transaction of a list at a time, so nobody waits for this row who would not wait for the list.
create table contact_counts (
  list_id text primary key references contact_lists on delete cascade,
  workspace_id bigint not null references workspaces,
  people bigint not null check (people >= 0)
);
select protect('contact_counts', 'select', 'select');

create function count_contacts_made() returns trigger
language plpgsql security definer set search_path = campana set enable_seqscan = off as $$
begin
  insert into campana.contact_counts as k (list_id, workspace_id, people)
    select m.list_id, min(m.workspace_id), count(*) from made m where m.list_id is not null
    group by m.list_id order by m.list_id
    on conflict (list_id) do update set people = k.people + excluded.people;
  return null;
end $$;
revoke all on function count_contacts_made from public;
create trigger people_counted after insert on contacts
  referencing new table as made for each statement execute function count_contacts_made();

-- Of a list that is gone the row went with it.
create function count_contacts_gone() returns trigger
language plpgsql security definer set search_path = campana set enable_seqscan = off as $$
begin
  update campana.contact_counts k set people = k.people - g.people
    from (select list_id, count(*) as people from gone where list_id is not null group by list_id) g
    where k.list_id = g.list_id;
  return null;
end $$;
revoke all on function count_contacts_gone from public;
create trigger people_counted_out after delete on contacts
  referencing old table as gone for each statement execute function count_contacts_gone();

-- Who is erased leaves the list, and stays as a row that says nothing.
create function count_contact_left() returns trigger
language plpgsql security definer set search_path = campana set enable_seqscan = off as $$
begin
  update campana.contact_counts set people = people - 1 where list_id = old.list_id;
  return null;
end $$;
revoke all on function count_contact_left from public;
create trigger people_counted_away after update of list_id on contacts
  for each row when (old.list_id is not null and new.list_id is null) execute function count_contact_left();

-- Nobody writes people between the triggers and this: making them locked the table against writers.
insert into contact_counts (list_id, workspace_id, people)
  select list_id, min(workspace_id), count(*) from contacts where list_id is not null group by list_id;

-- The console's lists of campaigns are read from these alone, with all they are searched and filtered by: of ten
-- thousand campaigns a few pages, however much each says of itself.
create index campaigns_listed on campaigns (workspace_id, archived, created_at desc, id)
  include (name, type, channel_type, state, end_date);
create index campaigns_by_name on campaigns (workspace_id, archived, lower(name), created_at desc, id)
  include (name, type, channel_type, state, end_date);

-- Under row level security `@>` is asked of rows and never of an index: it is not known to keep a secret. Asked here as
-- the owner, of the workspace that is named and, where the transaction names one, of no other. Planned for each tag:
-- a rare one by contacts_by_tag, one that half of all people have in their order.
create function contacts_tagged(of_workspace bigint, wanted text, of_list text, after bigint, most bigint)
  returns setof bigint
  language plpgsql stable security definer set search_path = campana set plan_cache_mode = force_custom_plan as $$
  begin
    return query select c.id from campana.contacts c
      where c.tags <> '{}' and c.tags @> array[wanted] and c.workspace_id = of_workspace and c.list_id is not null
        and of_workspace = coalesce(campana.current_workspace(), of_workspace)
        and (of_list is null or c.list_id = of_list) and c.id > after
      order by c.id limit most;
  end $$;
revoke all on function contacts_tagged from public;
grant execute on function contacts_tagged to campana_web, campana_engine;

reset role;

-- migrate:down
