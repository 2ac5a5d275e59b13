-- Tenant $1 with $2 people u00001@$1.bench, every tenth an administrator, password as of tenant `carga`.
with tenant as (
  insert into campana.tenant (id, slug, name) values (campana.uuid7(), $1::text, 'Banco de pruebas ' || $1)
  returning id
), role as (
  insert into campana.role (tenant_id, name, administers)
  select t.id, r.name, r.name = 'ADMIN' from tenant t cross join (values ('ADMIN'), ('SALES'), ('STAFF')) r (name)
)
insert into campana.users (tenant_id, id, email, name, role, password_hash)
select t.id, gen_random_uuid(), format('u%s@%s.bench', lpad(n::text, 5, '0'), $1),
  (array['Ana', 'Luis', 'María', 'Carlos', 'Sofía', 'José', 'Elena', 'Mario'])[n % 8 + 1] || ' ' || n,
  case when n % 10 = 0 then 'ADMIN' when n % 10 < 4 then 'SALES' else 'STAFF' end,
  (select u.password_hash from campana.users u where u.email = 'u00001@carga.demo')
from tenant t cross join generate_series(1, $2::integer) n;
