-- name: all
-- A tenant's branches, with how many people work at each.
select b.id, b.name, count(u.id) as people
from campana.branch b
left join campana.users u on u.tenant_id = b.tenant_id and u.branch_id = b.id
where b.tenant_id = :tenant
group by b.id, b.name
order by b.name;

-- name: add$
-- The id; null when there is a branch of this name already.
insert into campana.branch (tenant_id, id, name)
values (:tenant, campana.uuid7(), :name)
on conflict (tenant_id, name) do nothing
returning id;

-- name: delete$
-- The name; null when there is no such branch.
delete from campana.branch
where tenant_id = :tenant and id = :id
returning name;
