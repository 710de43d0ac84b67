-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- When a key was used last, to five minutes: whoever looks through the keys sees which are dead.
alter table api_keys add column last_used_at timestamptz;

-- The same question, which now says that too. A process of the version before names the columns it
-- reads, so it goes on.
drop function authenticate(bytea);
create function authenticate(key_hash bytea)
  returns table (key_id text, workspace_id bigint, scopes text[], expires_at timestamptz, revoked_at timestamptz,
    last_used_at timestamptz, revision bigint)
  language sql stable security definer set search_path = campana
  begin atomic
    select k.id, k.workspace_id, k.scopes, k.expires_at, k.revoked_at, k.last_used_at, coalesce(r.revision, 0)
    from campana.api_keys k left join campana.campaign_revisions r using (workspace_id)
    where k.hash = key_hash;
  end;
revoke all on function authenticate from public;
grant execute on function authenticate to campana_web, campana_engine;

-- The settings of the console: which countries, how often and for how much. Only people whose role
-- has settings:write come to them; no API key does.
grant update (default_country, allowed_countries, policy) on workspaces to campana_web;

reset role;

-- migrate:down
