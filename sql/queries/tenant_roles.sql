-- name: all
-- A tenant's roles, with how many people have each.
select r.name, r.administers, count(u.id) as people, count(u.id) filter (where u.active) as active
from campana.role r
left join campana.users u on u.tenant_id = r.tenant_id and u.role = r.name
where r.tenant_id = :tenant
group by r.name, r.administers
order by r.administers desc, r.name;

-- name: one^
select r.name, r.administers, count(u.id) as people, count(u.id) filter (where u.active) as active
from campana.role r
left join campana.users u on u.tenant_id = r.tenant_id and u.role = r.name
where r.tenant_id = :tenant and r.name = :name
group by r.name, r.administers;

-- name: lock^
select name, administers from campana.role
where tenant_id = :tenant and name = :name
for no key update;

-- name: add$
-- Null when there is such a role already.
insert into campana.role (tenant_id, name, administers)
values (:tenant, :name, :administers)
on conflict (tenant_id, name) do nothing
returning true;

-- name: set_administers!
update campana.role set administers = :administers
where tenant_id = :tenant and name = :name;

-- name: forget_preferences!
with attention as (
  delete from campana.role_attention where tenant_id = :tenant and role = :role
)
delete from campana.role_preference
where tenant_id = :tenant and role = :role;

-- name: delete!
delete from campana.role
where tenant_id = :tenant and name = :name;

-- name: lock_rights!
-- Who takes somebody's rights to administer waits here, and then sees what others took meanwhile.
select from campana.tenant
where id = :tenant
for no key update;

-- name: is_administered$
-- Whether somebody active administers the tenant.
select exists (
  select from campana.users u
  join campana.role r on r.tenant_id = u.tenant_id and r.name = u.role
  where u.tenant_id = :tenant and u.active and r.administers);
