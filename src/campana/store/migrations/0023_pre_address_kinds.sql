-- migrate:up

set local role campana_owner;
set local search_path = campana;

-- Which of a person's addresses a campaign begins with, the better first: those its channel reaches, as
-- domain/target.py says; a flow may go on over another channel, so that any address is better than none.
create function address_kinds(channel_type text, campaign_type text) returns text[]
  language sql immutable parallel safe as $$
  select case channel_type
    when 'WhatsApp' then array['whatsapp', 'phone'] when 'Email' then array['email'] else array['phone'] end
    || case campaign_type when 'Flow' then array['phone', 'whatsapp', 'email'] else array[]::text[] end
$$;

reset role;

-- migrate:down
