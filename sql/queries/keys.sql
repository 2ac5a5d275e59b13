-- name: identity^
-- The key with this hash, and the person `who` (id or e-mail, may be null) of its tenant.
select key_id, key_name, scopes, expires_at, revoked, expired, used_lately, key_tenant_id, key_tenant_slug,
  tenant_id, tenant_slug, tenant_name, modules, id, email, name, role, administers, branch_id, locale,
  time_zone, auth_version
from campana.key_identity(:key_hash, :who);

-- name: add$
-- A key by its hash; the id.
insert into campana.api_key (tenant_id, id, name, prefix, key_hash, scopes, expires_at)
values (:tenant_id, campana.uuid7(), :name, :prefix, :key_hash, :scopes, :expires_at)
returning id;

-- name: revoke$
-- Its name; null when there is no such key or it was revoked before.
update campana.api_key set revoked_at = now()
where tenant_id = :tenant_id and id = :id and revoked_at is null
returning name;

-- name: living_names
-- What the keys that still count are called.
select name from campana.api_key
where tenant_id = :tenant_id and revoked_at is null;

-- name: note_use!
-- Once in five minutes at most, however many processes see it used.
update campana.api_key set last_used_at = now()
where tenant_id = :tenant_id and id = :id
  and (last_used_at is null or last_used_at < now() - interval '5 minutes');

-- name: of_tenant
-- For lists: never the hash.
select id, name, prefix, scopes, created_at, expires_at, revoked_at, last_used_at
from campana.api_key
where tenant_id = :tenant_id
order by created_at;
