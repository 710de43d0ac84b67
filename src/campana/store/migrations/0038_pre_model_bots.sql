-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- What a language model said that it had found out, which tools it called, how many tokens it took, and why the script
-- took over: {values, tools: [{name, arguments, outcome, answer}], tokens, failure}. Null where none spoke.
alter table voice_calls add column model jsonb;

-- A secret that signs what is sent.
alter table flow_credentials drop constraint flow_credentials_kind_check;
alter table flow_credentials add constraint flow_credentials_kind_check
  check (kind in ('api_key', 'bearer', 'basic', 'query', 'oauth2', 'signature'));

reset role;

-- migrate:down
