-- name: person^
-- The session of this token with its person, when both still count.
select data, created_at, expires_at, tenant_id, tenant_slug, tenant_name, modules, id, email, name, role,
  administers, branch_id, locale, time_zone, auth_version
from campana.session_person(:token_hash);

-- name: begin^
-- One row: seconds to wait, or the account to compare the password with (nulls: unknown e-mail).
select wait, password_hash, tenant_id, user_id, auth_version
from campana.begin_sign_in(:email, :address);

-- name: open$
-- False when the person's rights changed meanwhile.
select campana.open_session(:token_hash, :tenant_id, :user_id, :auth_version, :data, :expires_at, :address);

-- name: close^
-- Whose session it was.
select tenant_id, user_id from campana.close_session(:token_hash);

-- name: extend$
-- Keeps a session that is in use; false when it has just ended.
select campana.extend_session(:token_hash, :data, :expires_at);

-- name: forget_old$
-- Removes expired sessions and old counters; how many sessions.
select campana.forget_old_sign_ins();
