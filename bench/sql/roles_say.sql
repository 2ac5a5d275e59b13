-- Each role of tenant `layered` says something of every built-in type.
insert into campana.role_preference (tenant_id, role, type, value, chosen)
select r.tenant_id, r.name, b.name, 15, 15
from campana.tenant t
join campana.role r on r.tenant_id = t.id
cross join campana.builtin_type b
where t.slug = 'layered' and b.lasting;

