-- Erasures: who was erased and at whose word, the hashes that are left of their addresses, and the key of these.

-- name: key
-- Sealed; null until somebody is erased in the workspace.
select erasure_key from workspaces where workspace_id = %(workspace_id)s;

-- name: offer_key
-- The first that is offered stays: two people who erase at once hash with the same key.
update workspaces set erasure_key = %(sealed)s where workspace_id = %(workspace_id)s and erasure_key is null;

-- name: keys
-- Of all workspaces, to seal them anew when the key they are sealed with changes.
select workspace_id, erasure_key from workspaces where erasure_key is not null order by workspace_id;

-- name: replace_key
-- The same key under another seal, unless somebody has just done so.
update workspaces set erasure_key = %(sealed)s where workspace_id = %(workspace_id)s and erasure_key = %(before)s;

-- name: same_person
-- Whoever in the workspace has an address of this contact, in whatever list: one look into contact_addresses_by_value
-- for each list, kind and address, and one a contact found. As an array, so that nobody else is looked at.
select c.id, c.list_id from contacts c
where c.workspace_id = %(workspace_id)s and c.list_id is not null and c.id = any(array(
  select %(contact_id)s::bigint
  union
  select o.contact_id from contact_lists l
  cross join contact_addresses a
  cross join (values ('phone'), ('whatsapp'), ('email')) k (kind)
  join contact_addresses o on o.list_id = l.id and o.kind = k.kind and o.value = a.value
  where l.workspace_id = %(workspace_id)s and a.contact_id = %(contact_id)s))
order by c.id;

-- name: hold_campaigns
-- Nobody of the workspace is enrolled until the transaction ends, by whatever list: a segment may hold anybody. In the
-- order everybody takes these locks.
select campaign_id from enrollments where workspace_id = %(workspace_id)s and finished_at is null
order by campaign_id, list_id for update;

-- name: hold_due
-- Before any target is held: a worker that claims one of these has it first, or never.
select d.target_id from due d where d.target_id = any(%(target_ids)s) order by d.target_id for update;

-- name: hold_targets
-- As they are once nobody can claim them any more.
select id, state from targets where id = any(%(target_ids)s) order by id for update;

-- name: targets_of
-- What campaigns made of the person: the contacts' own, and whatever stands at one of the addresses, found by
-- targets_of_contact and, for each campaign, targets_by_address.
select t.id, true as is_theirs from targets t where t.contact_id = any(%(contact_ids)s)
union
select t.id, t.contact_id = any(%(contact_ids)s) from campaigns c
join targets t on t.campaign_id = c.id and t.address = any(%(addresses)s)
where c.workspace_id = %(workspace_id)s
order by id;

-- name: forget_address
-- Of targets that nobody is being contacted for: where they would have been.
update targets set address = null, reach_address = null, zones = null, last_reason = coalesce(disposition, 'erased')
where id = any(%(target_ids)s) and state <> 'attempting'
  and (contact_id = any(%(contact_ids)s) or address = any(%(addresses)s))
returning id, state;

-- name: stop_intents
-- What is not sent yet never will be: begin_sending refuses it, and its worker settles it.
update attempts set hang_up_at = %(now)s
where target_id = any(%(target_ids)s) and state = 'intent' and hang_up_at is null;

-- name: drop_addresses
-- No import, no campaign and no search finds the person from here on.
delete from contact_addresses where contact_id = any(%(contact_ids)s);

-- name: empty_contacts
-- The rows stay for the targets that count on them. The zones go last, when nothing is under way (traces.sql).
update contacts set list_id = null, external_id = null, first_name = null, last_name = null, language = null,
  time_zone = null, attributes = '{}', tags = '{}', made_by = null, erased_at = %(now)s, updated_at = %(now)s
where id = any(%(contact_ids)s);

-- name: insert
-- With the job that does the rest, in one transaction.
insert into erasures (id, workspace_id, contact_ids, state, reason, requested_by, dossier, requested_at)
values (%(id)s, %(workspace_id)s, %(contact_ids)s, 'erasing', %(reason)s, %(requested_by)s, %(dossier)s, %(now)s);

-- name: keep_hashes
-- One address may be erased again, when its person had come back.
insert into erased_addresses (workspace_id, hash, erasure_id, erased_at)
select %(workspace_id)s, hash, %(erasure_id)s, %(now)s from unnest(%(hashes)s::bytea[]) as given (hash) order by hash
on conflict (workspace_id, hash) do update set erasure_id = excluded.erasure_id, erased_at = excluded.erased_at;

-- name: get
-- What a person may see of one.
select id, contact_ids, state, reason, requested_by, waits_for, requested_at, done_at from erasures
where workspace_id = %(workspace_id)s and id = %(id)s;

-- name: of_contact
-- The erasure a contact went with; index erasures_of_contacts.
select id, contact_ids, state, reason, requested_by, waits_for, requested_at, done_at from erasures
where workspace_id = %(workspace_id)s and contact_ids @> array[%(contact_id)s::bigint] limit 1;

-- name: page
-- Newest first by erasures_newest; the cursor is the last row seen.
select id, contact_ids, state, reason, requested_by, waits_for, requested_at, done_at from erasures
where workspace_id = %(workspace_id)s
  and (%(after)s::text is null or (requested_at, id) < (
    select requested_at, id from erasures where workspace_id = %(workspace_id)s and id = %(after)s))
order by requested_at desc, id desc limit %(limit)s;

-- name: begun
-- What is left to do of one; nothing when it is done.
select id, workspace_id, contact_ids, dossier, requested_at from erasures where id = %(id)s and state = 'erasing';

-- name: wait
-- Why it is not done yet.
update erasures set waits_for = %(waits_for)s where id = %(id)s and state = 'erasing';

-- name: finish
-- Once: nothing is left to find, so nothing is left to find it by.
update erasures set state = 'done', dossier = null, waits_for = null, done_at = %(now)s
where id = %(id)s and state = 'erasing'
returning workspace_id, contact_ids;

-- name: erased_since
-- Of these addresses (hashed with the key), those whose person was erased after a moment.
select asked.place from unnest(%(addresses)s::text[]) with ordinality as asked (address, place)
join erased_addresses e on e.workspace_id = %(workspace_id)s and e.hash = keyed_hash(asked.address, %(pads)s)
where e.erased_at >= %(since)s;

-- name: erased_now
-- Of these addresses, those that may not be contacted over any kind of channel because their person was erased, with
-- the erasure.
select asked.address, e.erasure_id, e.erased_at from unnest(%(addresses)s::text[]) as asked (address)
join erased_addresses e on e.workspace_id = %(workspace_id)s and e.hash = keyed_hash(asked.address, %(pads)s)
where is_erased(%(workspace_id)s, asked.address, null, %(pads)s, %(now)s);
