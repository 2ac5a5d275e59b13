-- name: issuers
-- Who may have made a token that says this issuer and these audiences; `meant` first.
select tenant_id, id, audience, keys, email_claim, meant
from campana.find_token_issuers(:issuer, :audiences);

-- name: person^
-- The active person of this tenant with this e-mail.
select tenant_id, tenant_slug, tenant_name, modules, id, email, name, role, administers, branch_id, locale,
  time_zone, auth_version
from campana.people()
where tenant_id = :tenant_id and email = :email;

-- name: add$
-- An issuer; the id, or null when this issuer and audience are somebody's already.
insert into campana.token_issuer (tenant_id, id, issuer, audience, keys, email_claim)
values (:tenant_id, campana.uuid7(), :issuer, :audience, :keys, :email_claim)
on conflict (issuer, audience) where revoked_at is null do nothing
returning id;

-- name: set_keys^
-- Its name and the keys it had; nothing when there is no such issuer or it was revoked before.
with before as (
  select id, keys
  from campana.token_issuer
  where tenant_id = :tenant_id and id = :id and revoked_at is null
  for update
)
update campana.token_issuer i set keys = :keys
from before
where i.tenant_id = :tenant_id and i.id = before.id
returning i.issuer, before.keys as was;

-- name: revoke$
-- Its name; null when there is no such issuer or it was revoked before.
update campana.token_issuer set revoked_at = now()
where tenant_id = :tenant_id and id = :id and revoked_at is null
returning issuer;

-- name: of_tenant
select id, issuer, audience, keys, email_claim, created_at, revoked_at
from campana.token_issuer
where tenant_id = :tenant_id
order by created_at;

-- name: person_of_key^
-- The active person that this living key may act for.
select p.tenant_id, p.tenant_slug, p.tenant_name, p.modules, p.id, p.email, p.name, p.role, p.administers,
  p.branch_id, p.locale, p.time_zone, p.auth_version
from campana.api_key k
join campana.people() p on p.tenant_id = k.tenant_id and p.id = :user_id
where k.tenant_id = :tenant_id and k.id = :key_id and k.revoked_at is null
  and (k.expires_at is null or k.expires_at > now()) and 'impersonate' = any (k.scopes);
