-- name: exist$
-- Whether anybody lives here yet.
select exists (select from campana.tenant);

-- name: add$
-- A tenant with its roles; its id. A trigger gives it its turn in the corridor.
with added as (
  insert into campana.tenant (id, slug, name, modules, locale, time_zone)
  values (campana.uuid7(), :slug, :name, :modules, :locale, :time_zone)
  returning id
), roles as (
  insert into campana.role (tenant_id, name, administers)
  select added.id, r.name, r.name = any (:administering::text[])
  from added, unnest(:roles::text[]) as r (name)
)
select id from added;

-- name: find^
-- By slug, active or not.
select id, slug, name, modules, locale, time_zone, active
from campana.tenant
where slug = :slug;

-- name: all
-- Every tenant, by slug.
select id, slug, name, modules, locale, time_zone, active
from campana.tenant
order by slug;

-- name: add_role!
insert into campana.role (tenant_id, name, administers)
values (:tenant_id, :name, :administers);

-- name: role_administers$
-- Null when there is no such role.
select administers from campana.role
where tenant_id = :tenant_id and name = :role;

-- name: add_branch!
insert into campana.branch (tenant_id, id, name)
values (:tenant_id, campana.uuid7(), :name);
