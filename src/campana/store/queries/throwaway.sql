-- Databases for rehearsals.

-- name: reload
-- The settings just changed.
select pg_reload_conf();

-- name: alone
-- Whoever makes the template makes it alone: held until the session ends.
select pg_advisory_lock(hashtext('simulation template'));

-- name: exists
-- Whether the template is there.
select 1 from pg_database where datname = %(name)s;

-- name: no_autovacuum
-- Table by table: the server may have other databases.
do $$
declare each regclass;
begin
  for each in select c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('campana', 'jobs') and c.relkind = 'r'
  loop
    execute format('alter table %s set (autovacuum_enabled = false)', each);
  end loop;
end $$;
