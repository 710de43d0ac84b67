-- What conversations wait for, asked without holding any of them.

-- name: for_call
-- Conversations on these channels that wait for a call of whoever has one of these numbers; the one that went on last
-- comes first. One look into the index of addresses for each list, then flow_sessions_of_contact.
select s.id, s.campaign_id, v.channel_id
from contact_lists l
join contact_addresses a on a.list_id = l.id and a.kind = 'phone' and a.value = any(%(numbers)s)
join flow_sessions s on s.contact_id = a.contact_id and s.status = 'waiting' and s.is_current
join campaigns c on c.id = s.campaign_id
cross join lateral (select case c.document ->> 'channelType' when 'Voice' then c.channel_id
  else c.document -> 'channels' ->> 'Voice' end as channel_id) v
where l.workspace_id = %(workspace_id)s and v.channel_id = any(%(channel_ids)s)
  and jsonb_path_exists(s.session, '$.threads[*].wait ? (@.kind == "inbound_call")')
order by s.updated_at desc, s.id desc;

-- name: of_target
-- What the conversation with a target waits for, and until when that is known; index flow_sessions_of_target.
select w ->> 'kind', (w ->> 'until')::timestamptz from flow_sessions s
cross join lateral jsonb_path_query(s.session, '$.threads[*].wait') w
where s.target_id = %(target_id)s and s.workspace_id = %(workspace_id)s and s.is_current and s.status = 'waiting'
  and jsonb_typeof(w) = 'object'
order by (w ->> 'number')::integer;
