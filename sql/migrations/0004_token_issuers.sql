-- Who else may say who somebody is: issuers of tokens (JWT) that a tenant trusts.

create table campana.token_issuer (
  tenant_id   uuid not null references campana.tenant,
  id          uuid not null,
  issuer      text not null check (length(issuer) between 1 and 255),      -- claim iss
  audience    text not null check (length(audience) between 1 and 255),    -- claim aud: the application it is for
  keys        jsonb not null,                 -- public keys as a JWKS; the old and the new one during rotation
  email_claim text not null default 'email' check (length(email_claim) between 1 and 80),
  created_at  timestamptz not null default now(),
  revoked_at  timestamptz,
  primary key (tenant_id, id)
);
-- A token tells its tenant by issuer and audience.
create unique index token_issuer_living on campana.token_issuer (issuer, audience) where revoked_at is null;
