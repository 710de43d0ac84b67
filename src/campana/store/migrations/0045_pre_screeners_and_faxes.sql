-- migrate:up

set local role campana_owner;
set local search_path = campana;

alter table voice_calls drop constraint voice_calls_answered_by_check;
alter table voice_calls add constraint voice_calls_answered_by_check
  check (answered_by in ('human', 'machine', 'screener', 'fax', 'silence', 'unsure'));

reset role;

-- migrate:down
