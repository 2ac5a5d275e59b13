-- name: page
-- Events, the newest first, of the `span` events below an id. One row at least: it tells how far the look
-- went (looked_to, null when it reached the oldest).
with border as materialized (  -- found in the index alone
  select e.id from campana.event e
  where e.tenant_id = :tenant and e.id < :before::uuid
    and (:since::timestamptz is null or e.id >= campana.uuid7_at(:since))
  order by e.id desc
  offset :span::integer - 1
  limit 1
),
found as (  -- looks no farther than it must
  select l.*
  from (
    select e.id, e.type, e.audience, e.priority, e.variant, e.actor, e.subject, e.published_at, e.dispatched_at
    from campana.event e
    where e.tenant_id = :tenant and e.id < :before::uuid
      and (:since::timestamptz is null or e.id >= campana.uuid7_at(:since))
    order by e.id desc
    limit :span
  ) l
  where (:type::text is null or l.type = :type)
    and (:audience::text is null or l.audience = :audience)
    and (:actor::uuid is null or l.actor = :actor)
    and (:subject::text is null or l.subject = :subject)
  order by l.id desc
  limit :limit
)
select (select b.id from border b) as looked_to,
  f.id, f.type, campana.audience_for_people(:tenant, f.audience) as audience, f.priority, f.variant, f.subject, f.published_at, f.dispatched_at,
  coalesce(e.words -> :locale::text ->> 'title', e.words -> '' ->> 'title') as title,
  u.name as actor_name, r.recipients,
  case when :person::uuid is not null then exists (
    select from (
      select r.user_ids from campana.event_recipients r
      where r.tenant_id = :tenant and r.event_id = f.id and r.first_user <= :person::uuid
      order by r.first_user desc
      limit 1
    ) r
    where :person::uuid = any (r.user_ids)
  ) or exists (  -- collapsed into an earlier notification
    select from campana.inbox i
    where i.user_id = :person::uuid and i.moved and i.tenant_id = :tenant and i.event_id = f.id
  ) end as reached
from (select) one
left join found f on true
left join campana.event e on e.tenant_id = :tenant and e.id = f.id
left join campana.users u on u.tenant_id = :tenant and u.id = f.actor
left join lateral (
  select coalesce(sum(cardinality(r.user_ids)), 0)::integer as recipients
  from campana.event_recipients r
  where r.tenant_id = :tenant and r.event_id = f.id offset 0
) r on true
order by f.id desc;

-- name: one^
select e.id, e.type, campana.audience_for_people(:tenant, e.audience) as audience, e.words, e.data, e.priority, e.variant, e.url, e.actions, e.actor, e.subject, e.collapse_key,
  e.expires_at, e.published_at, e.dispatched_at, u.name as actor_name, u.email as actor_email,
  (
    select coalesce(sum(cardinality(r.user_ids)), 0)::integer
    from campana.event_recipients r
    where r.tenant_id = e.tenant_id and r.event_id = e.id
  ) as recipients
from campana.event e
left join campana.users u on u.tenant_id = e.tenant_id and u.id = e.actor
where e.tenant_id = :tenant and e.id = :id;

-- name: state$
-- Of an event that has not been dispatched: where it is. Null: nowhere.
select coalesce(
  (select 'set_aside' from campana.poison where tenant_id = :tenant and event_id = :id),
  (select 'scheduled' from campana.scheduled where tenant_id = :tenant and event_id = :id));

-- name: recipients
-- Whom an event was given to, in the order of their ids, and what became of it there.
select p.user_id, p.name, p.email, p.role, i.read_at, i.state, i.channels, i.reason
from (
  select r.user_id, r.seq, u.name, u.email, u.role
  from (
    select g.user_id, g.seq
    from campana.event_recipients e
    cross join lateral unnest(e.user_ids, e.seqs) g (user_id, seq)
    where e.tenant_id = :tenant and e.event_id = :id and (:after::uuid is null or g.user_id > :after)
  ) r
  cross join lateral (
    select u.name, u.email, u.role from campana.users u where u.tenant_id = :tenant and u.id = r.user_id offset 0
  ) u
  where :sought::text is null or strpos(unaccent(lower(u.name)) || ' ' || u.email, unaccent(lower(:sought))) > 0
  order by r.user_id
  limit :limit
) p
left join lateral (
  select i.read_at, i.state, i.channels, i.reason from campana.inbox i
  where i.tenant_id = :tenant and i.user_id = p.user_id and i.seq = p.seq offset 0
) i on true
order by p.user_id;

-- name: set_aside
-- Events that failed, the latest first.
select event_id, type, reason, body, at from campana.poison
where tenant_id = :tenant
order by at desc, event_id
limit 200;

-- name: count_set_aside$
select count(*) from campana.poison where tenant_id = :tenant;

-- name: try_again^
-- See sql/functions/081_log.sql.
select outcome, type, reason from campana.try_again(:tenant, :id);

-- name: discard^
select outcome, type, reason from campana.discard(:tenant, :id);

-- name: first_id$
-- The least id of events published at this moment or later.
select campana.uuid7_at(:moment);
