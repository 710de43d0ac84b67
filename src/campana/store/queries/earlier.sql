-- What a language model is told of earlier contacts with a person.

-- name: newest
-- The last tries that have ended and the last times that they wrote, without a word of what was said;
-- targets_of_contact, then the attempts of each.
(select a.created_at as at, ch.channel_type as channel, a.disposition as outcome, v.result
 from targets t join attempts a on a.target_id = t.id join channels ch on ch.id = a.channel_id
 left join voice_calls v on v.attempt_id = a.id
 where t.workspace_id = %(workspace_id)s and t.contact_id = %(contact_id)s and a.state = 'ended'
   and a.disposition <> 'not_sent'
 order by at desc limit %(limit)s)
union all
(select m.at, ch.channel_type, 'they_wrote', null
 from channels ch
 join conversations cv on cv.workspace_id = ch.workspace_id and cv.channel_id = ch.id
   and cv.address in (select c.value from contact_addresses c where c.contact_id = %(contact_id)s)
 join messages m on m.conversation_id = cv.id
 where ch.workspace_id = %(workspace_id)s and m.direction = 'inbound'
 order by m.at desc limit %(limit)s)
order by at desc limit %(limit)s;
