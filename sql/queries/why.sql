-- name: event^
-- The event, whether its audience names somebody now, and what was written for them: no row when there is no
-- such event or person.
select e.type, campana.audience_for_people(:tenant, e.audience) as audience, e.priority, e.subject, e.published_at, e.dispatched_at, e.actor = u.id as is_actor,
  e.collapse_key, e.expires_at, coalesce(e.words -> :locale::text ->> 'title', e.words -> '' ->> 'title') as title,
  u.id as user_id, u.name, u.email, u.role, u.active, u.created_at, b.name as branch,
  n.is_known, n.reason as reason_now, n.sees, i.seq, i.reason as reason_then, i.channels, i.read_at, i.state, i.moved,
  i.event_id is distinct from e.id as is_replaced,
  (
    select min(c.since) from campana.connection c
    join campana.process p on p.id = c.process_id and p.beat > clock_timestamp() - interval '10 seconds'
    where c.tenant_id = :tenant and c.user_id = u.id
  ) as connected_since
from campana.event e
join campana.users u on u.tenant_id = e.tenant_id and u.id = :person
left join campana.branch b on b.tenant_id = u.tenant_id and b.id = u.branch_id
left join lateral (select * from campana.reason_now(:tenant, e.audience, e.subject, u.id) offset 0) n on true
left join lateral (
  -- what was collapsed into an earlier notification stands under that one's id
  select coalesce(
    (select p.seq from campana.place_of(:tenant, u.id, array[e.id]) p),
    (select m.seq from campana.inbox m where m.user_id = u.id and m.moved and m.tenant_id = :tenant and m.event_id = e.id limit 1)
  ) as seq offset 0
) place on true
left join campana.inbox i on i.tenant_id = :tenant and i.user_id = u.id and i.seq = place.seq
where e.tenant_id = :tenant and e.id = :id;

-- name: shown$
-- Which event a notification of somebody's shows: its own, or the newest it was collapsed with.
select i.event_id
from campana.place_of(:tenant, :person, array[:id::uuid]) p
join campana.inbox i on i.tenant_id = :tenant and i.user_id = :person and i.seq = p.seq;

-- name: given$
-- Whether somebody was given this event, even where the notification is gone.
select exists (
  select from (
    select r.user_ids from campana.event_recipients r
    where r.tenant_id = :tenant and r.event_id = :id and r.first_user <= :person
    order by r.first_user desc
    limit 1
  ) r
  where :person = any (r.user_ids));

-- name: changes_of_person
-- What of a person's role, branch and activity was changed since, the earliest first.
select a.at, a.actor, a.action, a.detail from campana.audit a
where a.tenant_id = :tenant
  and a.action in ('user.change_role', 'user.change', 'user.deactivate', 'user.activate')
  and a.at > :since and a.detail ->> 'user' = :person
order by a.id
limit 20;

-- name: changes_of_policy^
-- What tenant and roles say of this type, or of attention, was changed since: how often, and last.
select count(*) as times, max(a.at) as last from campana.audit a
where a.tenant_id = :tenant and a.action in ('layer.masks', 'layer.attention') and a.at > :since
  and (a.detail ->> 'type' is null or a.detail ->> 'type' = :type)
  and (a.detail ->> 'role' is null or a.detail ->> 'role' = :role);
