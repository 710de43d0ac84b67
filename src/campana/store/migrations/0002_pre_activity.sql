-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- What is going on over all workspaces, in numbers that name none of them: for monitoring, which has no
-- key. It runs as the owner because the web role sees one workspace at a time; both counts use an index
-- that holds only what is not over.
create function activity() returns table (what text, state text, count bigint)
  language sql stable security definer set search_path = campana
  begin atomic
    select 'attempts', a.state, count(*) from campana.attempts a
      where a.state not in ('ended', 'unknown') group by a.state
    union all
    select 'campaigns', c.state, count(*) from campana.campaigns c
      where c.state = 'running' group by c.state;
  end;
revoke all on function activity from public;
grant execute on function activity to campana_web, campana_engine;

reset role;

-- migrate:down
