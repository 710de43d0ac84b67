"""A workspace with ten thousand campaigns, and one list of a million people."""

from __future__ import annotations

import psycopg

from tests.support.database import NOW

CAMPAIGNS, PEOPLE = 10_000, 1_000_000
LARGE = 60_000
"""People of the largest campaign; the others have twenty each."""

FILL = """
insert into contact_lists (id, workspace_id, name, default_country, segment, created_at)
  select 'list_' || n, %(workspace)s, 'People ' || n, 'US', null::jsonb,
    %(now)s::timestamptz - make_interval(mins => n)
  from generate_series(1, 400) n
  union all
  select 'list_gold', %(workspace)s, 'Gold', 'US',
    '{"where": "contact.plan == \\"gold\\"", "lists": {}}', %(now)s;
insert into channels (id, workspace_id, name, kind, channel_type, config, is_loopback, rate, burst,
    lines, created_at)
  values ('chan_1', %(workspace)s, 'exchange', 'voice_sip', 'Voice', '{"trunks": [{"host":
    "127.0.0.1", "port": 5060}], "callerIds": ["+12025550100"]}', true, 1, 1, 1, %(now)s);
insert into pacing (channel_id, workspace_id, arrival_at) values ('chan_1', %(workspace)s, %(now)s);
insert into contacts (workspace_id, list_id, external_id, first_name, last_name, zones, attributes,
    tags, created_at, updated_at)
  select %(workspace)s, case when n <= %(people)s then 'list_1' else 'list_' || (n %% 399 + 2) end,
    'ext-' || n, 'Ana', 'Number ' || n, array['America/New_York'],
    case when n %% 5 = 0 then '{"plan": "gold"}' else '{}' end::jsonb,
    case when n %% 2000 = 0 then array['vip'] when n %% 2 = 0 then array['customer'] else '{}' end,
    %(now)s, %(now)s
  from generate_series(1, %(people)s + 20000) n;
insert into contact_addresses (contact_id, position, workspace_id, list_id, kind, value, country)
  select id, 0, %(workspace)s, list_id, 'phone', '+1202' || 2000000 + id, 'US'
  from contacts;
set session_replication_role = replica;
insert into campaigns (id, workspace_id, name, type, channel_type, state, created_at, updated_at,
    launched_at, end_date, channel_id, list_id, archived, description, document)
  select 'camp_' || n, %(workspace)s, 'Reminder ' || md5(n::text), 'VoiceBot', 'Voice',
    case when n <= 100 then 'running' when n %% 3 = 0 then 'paused' else 'completed' end,
    %(now)s::timestamptz - make_interval(mins => n), %(now)s, %(now)s,
    case when n %% 7 = 0 then %(now)s::timestamptz + make_interval(mins => n) end, 'chan_1',
    'list_' || (n %% 400 + 1), n %% 20 = 0,
    (select string_agg(md5((n + i)::text), ' ') from generate_series(1, 30) i),
    jsonb_build_object('name', 'Reminder', 'type', 'VoiceBot', 'channelType', 'Voice')
  from generate_series(1, %(campaigns)s) n;
insert into targets (workspace_id, campaign_id, contact_id, address, state, disposition,
    created_at, finished_at)
  select %(workspace)s, campaign_id, contact_id, '+1202' || 2000000 + contact_id,
    case when contact_id %% 2 = 0 then 'finished' else 'waiting' end,
    case when contact_id %% 2 = 0 then 'completed' end, %(now)s,
    case when contact_id %% 2 = 0 then %(now)s::timestamptz end
  from (
    select 'camp_1' as campaign_id, n as contact_id from generate_series(1, %(large)s) n
    union all
    select 'camp_' || (n / 20 + 2), n from generate_series(0, (%(campaigns)s - 1) * 20 - 1) n
  ) of_campaign;
insert into attempts (id, workspace_id, campaign_id, target_id, channel_id, attempt_no, address,
    state, disposition, owner_id, created_at, ended_at)
  select gen_random_uuid(), %(workspace)s, campaign_id, id, 'chan_1', 1, address, 'ended',
    'completed', 1, %(now)s::timestamptz - make_interval(secs => id %% 900000), %(now)s
  from targets where state = 'finished';
insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)
  select id, %(workspace)s, campaign_id, 'America/New_York', 1, %(now)s
  from targets where state = 'waiting';
insert into suppressions (id, workspace_id, address, scope, reason, source, created_at)
  select 'sup_' || n, %(workspace)s, '+1312' || 2000000 + n, 'workspace', 'asked',
    'test', %(now)s::timestamptz - make_interval(secs => n)
  from generate_series(1, 200000) n;
insert into audit_entries (workspace_id, at, actor, action, result, request_id)
  select %(workspace)s, %(now)s::timestamptz - make_interval(secs => 100000 - n), 'test',
    'campaign.start', 'asked', 'req_' || n
  from generate_series(1, 100000) n;
set session_replication_role = origin;
vacuum analyze
"""


def fill(conninfo: str, *, workspace_id: int) -> None:
    """Through the triggers that keep people and lists in step, past those of foreign keys."""
    given = {
        "workspace": workspace_id,
        "campaigns": CAMPAIGNS,
        "people": PEOPLE,
        "large": LARGE,
        "now": NOW,
    }
    with psycopg.connect(conninfo, autocommit=True) as db:
        db.execute("set search_path = campana")
        db.execute("set work_mem = '256MB'")
        cursor = psycopg.ClientCursor(db)
        for statement in FILL.split(";\n"):
            cursor.execute(statement, given)  # pyright: ignore[reportArgumentType]
