-- name: add!
-- Of a person the id too: an e-mail may be somebody else's one day.
insert into campana.audit (tenant_id, actor, actor_id, action, detail)
values (
  :tenant, :actor, (select u.id from campana.users u where u.tenant_id = :tenant and u.email = :actor), :action, :detail);

-- name: page
-- The newest below an id. Words are looked for in everything that a row says.
-- actor_now: the e-mail that the actor has by now, where it is another.
select id, at, actor, action, detail, (
  select u.email from campana.users u
  where u.tenant_id = :tenant and u.id = actor_id and u.email <> actor
) as actor_now
from campana.audit
where tenant_id = :tenant and id < :before
  and (:actor::text is null or actor = :actor)
  and (:action::text is null or action = :action)
  and (:since::timestamptz is null or at >= :since)
  and (:until::timestamptz is null or at < :until)
  and (:sought::text is null
    or strpos(unaccent(lower(actor || ' ' || action || ' ' || detail::text)), unaccent(lower(:sought))) > 0)
order by id desc
limit :limit;

-- name: actions
-- What has been done so far, found hop by hop in the index: as quick with a million rows as with ten.
with recursive hop as (
  (select action from campana.audit where tenant_id = :tenant order by action limit 1)
  union all
  select (
    select a.action from campana.audit a
    where a.tenant_id = :tenant and a.action > hop.action
    order by a.action limit 1)
  from hop
  where hop.action is not null
)
select action from hop
where action is not null
limit 200;

-- name: actors
-- Who has done something so far.
with recursive hop as (
  (select actor from campana.audit where tenant_id = :tenant order by actor limit 1)
  union all
  select (
    select a.actor from campana.audit a
    where a.tenant_id = :tenant and a.actor > hop.actor
    order by a.actor limit 1)
  from hop
  where hop.actor is not null
)
select actor from hop
where actor is not null
limit 200;
