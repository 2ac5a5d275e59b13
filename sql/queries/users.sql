-- name: add^
-- A new person. id is null when the e-mail is taken; nothing is written when the role or branch is unknown.
with place as (
  select
    exists (select from campana.role where tenant_id = :tenant_id and name = :role) as role_known,
    (select id from campana.branch where tenant_id = :tenant_id and name = :branch::text) as branch_id,
    :branch::text is null
      or exists (select from campana.branch where tenant_id = :tenant_id and name = :branch::text) as branch_known
), added as (
  insert into campana.users (tenant_id, id, email, name, role, branch_id, password_hash)
  select :tenant_id, campana.uuid7(), :email, :name, :role, branch_id, :password_hash
  from place
  where role_known and branch_known
  on conflict (email) do nothing
  returning id
)
select (select id from added) as id, role_known, branch_known
from place;

-- name: find$
-- By id or e-mail, whether active or not.
select campana.find_user(:tenant_id, :id_or_email);

-- name: find_by_email^
-- An e-mail is unique in an installation, so it also says the tenant. For work across tenants.
select tenant_id, id, email
from campana.users
where email = lower(:email::text);

-- name: is_last_administrator$
-- Whether this person administers and no other active one does.
select exists (
  select from campana.users u join campana.role r on r.tenant_id = u.tenant_id and r.name = u.role
  where u.tenant_id = :tenant_id and u.id = :id and u.active and r.administers
) and not exists (
  select from campana.users u join campana.role r on r.tenant_id = u.tenant_id and r.name = u.role
  where u.tenant_id = :tenant_id and u.id <> :id and u.active and r.administers
);

-- name: set_active^
-- Raises auth_version, so that older sessions and streams end; nothing when there is no such person, or it was erased.
with before as (
  select id, active from campana.users where tenant_id = :tenant_id and id = :id and erased_at is null for update
)
update campana.users u set active = :active, auth_version = auth_version + 1
from before
where u.tenant_id = :tenant_id and u.id = before.id
returning u.email, before.active as was;

-- name: set_role^
-- Likewise.
with before as (
  select id, role from campana.users where tenant_id = :tenant_id and id = :id for update
)
update campana.users u set role = :role, auth_version = auth_version + 1
from before
where u.tenant_id = :tenant_id and u.id = before.id
returning u.email, before.role as was;

-- name: set_password^
-- Likewise.
update campana.users set password_hash = :password_hash, auth_version = auth_version + 1
where tenant_id = :tenant_id and id = :id
returning email;

-- name: set_locale!
update campana.users set locale = :locale
where tenant_id = :tenant_id and id = :id;

-- name: of_tenant
-- Everybody, for lists; oldest first.
select id, email, name, role, branch_id, active
from campana.users
where tenant_id = :tenant_id
order by created_at, email;

-- name: add_many!
-- `count` people u00001@<domain> …, one in ten ADMIN, the rest STAFF, one password for all.
insert into campana.users (tenant_id, id, email, name, role, password_hash)
select :tenant_id, gen_random_uuid(), 'u' || lpad(n::text, 5, '0') || '@' || :domain::text,
  (array['Ana', 'Luis', 'María', 'Carlos', 'Sofía', 'José', 'Elena', 'Mario'])[n % 8 + 1] || ' '
    || (array['Rivas', 'Menjívar', 'Orellana', 'Cruz', 'Ayala', 'Portillo', 'Funes'])[n % 7 + 1] || ' ' || n,
  case when n % 10 = 0 then 'ADMIN' else 'STAFF' end, :password_hash
from generate_series(1, :count::integer) n
on conflict (email) do nothing;
