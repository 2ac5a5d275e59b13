-- The first $2 % of tenant $1's people, by their numbers, have a choice of toast and sound of their own for each of
-- the first $3 types.
insert into campana.user_preference (tenant_id, user_id, type, value, chosen)
select u.tenant_id, u.id, b.name, case when n % 3 = 0 then 6 else 2 * (n % 2) end, 6
from (
  select u.*, row_number() over (order by u.email) as n
  from campana.users u join campana.tenant t on t.id = u.tenant_id where t.slug = $1
) u
cross join (select b.name from campana.builtin_type b where b.lasting order by b.name limit $3) b
where u.n * 7 % 100 < $2::integer;
