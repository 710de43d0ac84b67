-- What became of the people of each variant of a campaign.

-- name: counts
-- By the place of the variant, as domain/variants.py says: no row has to keep who got which.
select width_bucket((
    ('x' || encode(substr(sha256(convert_to(t.campaign_id || ':' || t.contact_id, 'UTF8')), 1, 4), 'hex'))::bit(32)::bigint
    %% 10000)::integer, %(bounds)s::integer[]) as variant,
  t.state, t.disposition, count(*), count(*) filter (where t.attempt_count > 0 and t.state = 'finished')
from targets t where t.campaign_id = %(campaign_id)s
group by 1, 2, 3;
