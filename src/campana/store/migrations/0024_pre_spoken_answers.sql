-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- What was answered to which question, typed, in order: [{step, type, value, by, said, score, question, atMs}].
-- `questions` is how many the script has.
alter table voice_calls
  add column answers jsonb not null default '[]',
  add column questions integer not null default 0 check (questions >= 0),
  add column answered_by text check (answered_by in ('human', 'machine', 'silence', 'unsure')),
  add column has_left_message boolean not null default false,
  add column callback_at timestamptz;

reset role;

-- migrate:down
