-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Who asked what of a campaign, and when: append-only, for the answer to "who paused this?".
create table campaign_actions (
  id bigint generated always as identity primary key,
  workspace_id bigint not null references workspaces,
  campaign_id text not null references campaigns on delete cascade,
  action text not null,
  -- a key, a person at the command line, or a part of the engine, in words
  actor text not null,
  at timestamptz not null,
  detail jsonb not null default '{}'
);
create index campaign_actions_newest on campaign_actions (campaign_id, id desc);
select protect('campaign_actions', 'select, insert', 'select, insert');

alter table campaigns
  -- why it was tripped, in a sentence, and when it goes on by itself if it does
  add column state_reason text,
  add column resume_at timestamptz,
  -- since when it runs without a pause: ramp-up and breakers count from here
  add column running_since timestamptz,
  -- read from the document, so that choosing among a thousand campaigns opens none of them
  add column weight double precision not null generated always as
    (coalesce((document ->> 'weight')::double precision, 1)) stored,
  add column urgency smallint not null generated always as
    (case document ->> 'priority' when 'urgent' then 0 when 'high' then 1 when 'low' then 3 else 2 end) stored,
  add check ((state = 'tripped') or (state_reason is null and resume_at is null));
create index campaigns_resuming on campaigns (resume_at) where resume_at is not null;

-- A campaign's own limits, below those of its channel: the row every claim of a limited campaign locks.
-- A campaign that limits nothing has none.
create table campaign_pacing (
  campaign_id text primary key references campaigns on delete cascade,
  workspace_id bigint not null references workspaces,
  -- theoretical arrival time of the next attempt
  arrival_at timestamptz not null,
  day date not null,
  day_attempts integer not null default 0 check (day_attempts >= 0),
  -- targets whose first attempt was written: what a canary counts
  begun integer not null default 0 check (begun >= 0),
  canary text not null default 'pending' check (canary in ('pending', 'passed', 'overridden')),
  -- what holds it back and until when, as the last claim found it: a hint that saves asking
  held_by text check (held_by in ('rate', 'lines', 'quota', 'canary')),
  held_until timestamptz,
  check ((held_by is null) = (held_until is null))
);
select protect('campaign_pacing', 'select, insert, update', 'select, insert, update');

-- A channel's quota of a day (UTC), and how much of it is granted.
alter table channels add column daily_attempts integer check (daily_attempts >= 1);
alter table pacing
  add column day date not null default 'epoch',
  add column day_sends integer not null default 0 check (day_sends >= 0),
  -- the carrier lets nothing through: nothing is granted until then; `failing` counts the times in a row
  add column down_until timestamptz,
  add column failing smallint not null default 0 check (failing >= 0);

alter table attempts
  -- somebody asked that it end now; whoever holds the call obeys
  add column hang_up_at timestamptz;
grant update (hang_up_at) on attempts to campana_web;
-- the newest that ended, without a sort: what the breakers look at
create index attempts_ended on attempts (campaign_id, ended_at desc) where ended_at is not null;

-- a list that was enrolled once is opened again for those who came into it since
grant update (finished_at) on enrollments to campana_web;

alter table targets
  -- attempts up to this number do not count for the cadence: a person asked to try again after them
  add column tries_after integer not null default 0 check (tries_after >= 0 and tries_after <= attempt_count);

reset role;

-- migrate:down
