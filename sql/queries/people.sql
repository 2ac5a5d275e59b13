-- name: page
-- People in the order of their names, after the person :after; as administrators see them.
select u.id, u.name, u.email, u.role, r.administers, u.branch_id, b.name as branch, u.active,
  u.password_hash is null as has_no_password, i.expires_at as invited_until, u.erased_at
from campana.users u
join campana.role r on r.tenant_id = u.tenant_id and r.name = u.role
left join campana.branch b on b.tenant_id = u.tenant_id and b.id = u.branch_id
left join campana.invitation i on i.tenant_id = u.tenant_id and i.user_id = u.id and i.expires_at > now()
where u.tenant_id = :tenant
  and (:role::text is null or u.role = :role)
  and (:branch::uuid is null or u.branch_id = :branch)
  and (:active::boolean is null or u.active = :active)
  and (:sought::text is null
    or strpos(unaccent(lower(u.name)) || ' ' || u.email, unaccent(lower(:sought))) > 0)
  and (:after::uuid is null or (lower(u.name), u.id) > (
    (select lower(a.name) from campana.users a where a.tenant_id = :tenant and a.id = :after), :after::uuid))
order by lower(u.name), u.id
limit :limit;

-- name: count$
-- How many such people there are, counted up to :most.
select count(*) from (
  select from campana.users u
  where u.tenant_id = :tenant
    and (:role::text is null or u.role = :role)
    and (:branch::uuid is null or u.branch_id = :branch)
    and (:active::boolean is null or u.active = :active)
    and (:sought::text is null
      or strpos(unaccent(lower(u.name)) || ' ' || u.email, unaccent(lower(:sought))) > 0)
  limit :most
) found;

-- name: one^
select u.id, u.name, u.email, u.role, r.administers, u.branch_id, b.name as branch, u.active,
  u.password_hash is null as has_no_password, i.expires_at as invited_until, u.created_at, u.auth_version, u.erased_at,
  (select count(*) from campana.session s
    where s.tenant_id = u.tenant_id and s.user_id = u.id and s.auth_version = u.auth_version
      and s.expires_at > now()) as sessions
from campana.users u
join campana.role r on r.tenant_id = u.tenant_id and r.name = u.role
left join campana.branch b on b.tenant_id = u.tenant_id and b.id = u.branch_id
left join campana.invitation i on i.tenant_id = u.tenant_id and i.user_id = u.id and i.expires_at > now()
where u.tenant_id = :tenant and u.id = :id;

-- name: lock^
-- What an edit may change of a person who was not erased; nobody else changes it meanwhile.
select u.email, u.name, u.role, u.branch_id
from campana.users u
where u.tenant_id = :tenant and u.id = :id and u.erased_at is null
for update;

-- name: change!
-- A new role raises auth_version, so that older sessions and streams end. Another e-mail ends the link to
-- choose a password that may have gone to the old one.
with ended as (
  delete from campana.invitation i
  using campana.users u
  where i.tenant_id = :tenant and i.user_id = :id and u.tenant_id = :tenant and u.id = :id and u.email <> :email
)
update campana.users u
set name = :name, role = :role, branch_id = :branch, email = :email,
  former_emails = case when u.email = :email then u.former_emails
    else array_remove(array_remove(u.former_emails, u.email), :email) || u.email end,
  auth_version = u.auth_version + (u.role <> :role)::integer
where u.tenant_id = :tenant and u.id = :id;

-- name: sign_out$
-- Ends every session of a person; the e-mail, or null when there is no such person.
with ended as (
  delete from campana.session where tenant_id = :tenant and user_id = :id
)
update campana.users set auth_version = auth_version + 1
where tenant_id = :tenant and id = :id
returning email;

-- name: branches
select id, name from campana.branch
where tenant_id = :tenant
order by name;
