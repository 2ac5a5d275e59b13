-- name: give$
-- The one living link of a person; an older one is gone. True, or null when there is no such active person.
insert into campana.invitation as i (tenant_id, user_id, token_hash, expires_at)
select u.tenant_id, u.id, :token_hash, :expires_at
from campana.users u
where u.tenant_id = :tenant and u.id = :user_id and u.active
on conflict (tenant_id, user_id) do update
  set token_hash = excluded.token_hash, created_at = now(), expires_at = excluded.expires_at
returning true;

-- name: find^
select tenant_id, id, email, name, tenant_name, locale
from campana.find_invitation(:token_hash);

-- name: accept^
select tenant_id, user_id, auth_version
from campana.accept_invitation(:token_hash, :password_hash);
