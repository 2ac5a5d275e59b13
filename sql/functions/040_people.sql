-- What must happen before the tenant is known: sign-in, session, API key.
-- Everything here is found by a secret (its sha256) or by an e-mail that is unique in the
-- installation, so these functions see all tenants; nothing else of the request role does.

-- Everybody who may act now. Not a definer function: planned as part of the query that asks.
create or replace function campana.people()
returns table (
  tenant_id uuid, tenant_slug text, tenant_name text, modules text[], id uuid, email text, name text,
  role text, administers boolean, branch_id uuid, locale text, time_zone text, auth_version integer
)
language sql stable rows 1000 as $$
  select u.tenant_id, t.slug, t.name, t.modules, u.id, u.email, u.name, u.role, r.administers, u.branch_id,
    coalesce(u.locale, t.locale), coalesce(u.time_zone, t.time_zone), u.auth_version
  from campana.users u
  join campana.tenant t on t.id = u.tenant_id
  join campana.role r on r.tenant_id = u.tenant_id and r.name = u.role
  where u.active and t.active;
$$;

-- The session of a token with its person: the one query of a signed-in request.
drop function if exists campana.session_person(bytea);
create function campana.session_person(token_hash bytea)
returns table (
  data jsonb, created_at timestamptz, expires_at timestamptz,
  tenant_id uuid, tenant_slug text, tenant_name text, modules text[], id uuid, email text, name text,
  role text, administers boolean, branch_id uuid, locale text, time_zone text, auth_version integer
)
language plpgsql stable security definer rows 1 set search_path = campana, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select s.data, s.created_at, s.expires_at, p.*
    from campana.session s
    join campana.people() p on p.tenant_id = s.tenant_id and p.id = s.user_id
    where s.token_hash = session_person.token_hash
      and s.expires_at > now()
      and s.auth_version = p.auth_version;
end;
$$;

-- The key with this hash, its tenant, and (when `who` names an active user of that tenant, by id or
-- e-mail) the person it acts for. Dead keys are returned too, so that the answer can say why.
drop function if exists campana.key_identity(bytea, text);
create function campana.key_identity(key_hash bytea, who text default null)
returns table (
  key_id uuid, key_name text, scopes text[], expires_at timestamptz, revoked boolean, expired boolean,
  used_lately boolean, key_tenant_id uuid, key_tenant_slug text,
  tenant_id uuid, tenant_slug text, tenant_name text, modules text[], id uuid, email text, name text,
  role text, administers boolean, branch_id uuid, locale text, time_zone text, auth_version integer
)
language plpgsql stable security definer rows 1 set search_path = campana, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select k.id, k.name, k.scopes, k.expires_at, k.revoked_at is not null,
      coalesce(k.expires_at <= now(), false),
      coalesce(k.last_used_at > now() - interval '5 minutes', false), t.id, t.slug, p.*
    from campana.api_key k
    join campana.tenant t on t.id = k.tenant_id and t.active
    left join campana.people() p
      on p.tenant_id = k.tenant_id and p.id = campana.find_user(k.tenant_id, who)
    where k.key_hash = key_identity.key_hash;
end;
$$;

-- The living issuers that a token may come from, by what it says of itself: those for one of its
-- audiences are `meant` and come first. It proves nothing: their keys are here to verify it with.
drop function if exists campana.find_token_issuers(text, text[]);
create function campana.find_token_issuers(issuer text, audiences text[])
returns table (tenant_id uuid, id uuid, audience text, keys jsonb, email_claim text, meant boolean)
language plpgsql stable security definer rows 1 set search_path = campana, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select i.tenant_id, i.id, i.audience, i.keys, i.email_claim, i.audience = any (find_token_issuers.audiences) as meant
    from campana.token_issuer i
    join campana.tenant t on t.id = i.tenant_id and t.active
    where i.issuer = find_token_issuers.issuer and i.revoked_at is null
    order by meant desc
    limit 2;
end;
$$;

-- Failures leak away one by one: a full bucket lets one attempt through per drop.
create or replace function campana.failures_now(failures integer, since timestamptz, drop_every interval)
returns integer
language sql stable as $$
  select greatest(0, failures - floor(extract(epoch from clock_timestamp() - since)
    / extract(epoch from drop_every))::integer);
$$;

-- Counts an attempt before it is made, so that a hundred at once are a hundred.
-- Returns the seconds to wait, 0 for go ahead; a refused attempt counts for nothing.
create or replace function campana.count_attempt(subject text, capacity integer, drop_every interval)
returns integer
language plpgsql as $$
#variable_conflict use_column
declare
  filled integer;
  since timestamptz;
begin
  insert into campana.sign_in_attempt as a (subject, window_start, failures)
  values (count_attempt.subject, clock_timestamp(), 1)
  on conflict (subject) do update
  set failures = campana.failures_now(a.failures, a.window_start, drop_every) + 1,
    window_start = clock_timestamp()
  where campana.failures_now(a.failures, a.window_start, drop_every) < capacity
  returning failures into filled;
  if found then
    return 0;
  end if;
  select a.failures, a.window_start into filled, since
  from campana.sign_in_attempt a where a.subject = count_attempt.subject;
  return greatest(1, ceil(extract(epoch from
    since + drop_every * (filled - capacity + 1) - clock_timestamp())))::integer;
end;
$$;

-- An owner is never locked out by others' guesses: addresses from which an account has signed in
-- before have a bucket of their own, apart from that of all strangers together.
create or replace function campana.account_bucket(email text, address text) returns text
language sql stable as $$
  select 'account:' || email || case
    when exists (
      select from campana.sign_in_attempt
      where subject = 'known:' || email || ' ' || address and window_start > now() - interval '30 days'
    ) then ' ' || address else '' end;
$$;

-- Before the password is looked at: may this address try this account now, and what is its hash?
-- 50 attempts per address, then one per 12 s; 10 per account, then one per 30 s.
drop function if exists campana.begin_sign_in(text, text);
create function campana.begin_sign_in(email text, address text)
returns table (wait integer, password_hash text, tenant_id uuid, user_id uuid, auth_version integer)
language plpgsql volatile security definer rows 1 set search_path = campana, pg_temp as $$
#variable_conflict use_column
begin
  wait := campana.count_attempt('address:' || begin_sign_in.address, 50, interval '12 seconds');
  if wait = 0 then
    wait := campana.count_attempt(
      campana.account_bucket(begin_sign_in.email, begin_sign_in.address), 10, interval '30 seconds');
  end if;
  if wait = 0 then
    select u.password_hash, p.tenant_id, p.id, p.auth_version
    into password_hash, tenant_id, user_id, auth_version
    from campana.people() p
    join campana.users u on u.tenant_id = p.tenant_id and u.id = p.id
    where p.email = begin_sign_in.email;
  end if;
  return next;
end;
$$;

-- After the right password: forget the failures, remember the address, replace the browser's session.
-- False when the person's rights changed since begin_sign_in().
create or replace function campana.open_session(
  new_hash bytea, tenant uuid, who uuid, version integer, content jsonb, until timestamptz, address text
) returns boolean
language plpgsql volatile security definer set search_path = campana, pg_temp as $$
declare
  email text;
begin
  select p.email into email from campana.people() p
  where p.tenant_id = tenant and p.id = who and p.auth_version = version;
  if not found then
    return false;
  end if;
  update campana.sign_in_attempt a set failures = greatest(0, a.failures - 1)
  where a.subject = 'address:' || address;
  delete from campana.sign_in_attempt a
  where a.subject = campana.account_bucket(email, address);
  insert into campana.sign_in_attempt (subject, window_start, failures)
  values ('known:' || email || ' ' || address, now(), 0)
  on conflict (subject) do update set window_start = excluded.window_start;
  -- The hundredth browser signs out the one that signed in first.
  delete from campana.session s
  where s.tenant_id = tenant and s.user_id = who
    and (s.expires_at < now() or s.token_hash in (
      select o.token_hash from campana.session o
      where o.tenant_id = tenant and o.user_id = who
      order by o.created_at desc offset 99));
  insert into campana.session (token_hash, tenant_id, user_id, auth_version, data, expires_at)
  values (new_hash, tenant, who, version, content, until);
  return true;
end;
$$;

-- Whose session that was; nothing when there was none. Knowing the token is the right to end it.
drop function if exists campana.close_session(bytea);
create function campana.close_session(old_hash bytea)
returns table (tenant_id uuid, user_id uuid)
language sql volatile security definer rows 1 set search_path = campana, pg_temp as $$
  delete from campana.session s where s.token_hash = old_hash returning s.tenant_id, s.user_id;
$$;

create or replace function campana.extend_session(own_hash bytea, content jsonb, until timestamptz)
returns boolean
language sql volatile security definer set search_path = campana, pg_temp as $$
  with extended as (
    update campana.session s set data = content, expires_at = until
    where s.token_hash = own_hash and s.expires_at > now()
    returning s.token_hash
  )
  select exists (select from extended);
$$;

-- Called by the clock: sessions and counters that mean nothing any more.
create or replace function campana.forget_old_sign_ins() returns bigint
language plpgsql volatile security definer set search_path = campana, pg_temp as $$
declare
  sessions bigint;
begin
  delete from campana.session s where s.expires_at < now();
  get diagnostics sessions = row_count;
  delete from campana.sign_in_attempt a
  where a.window_start < now() - case when a.subject like 'known:%' then interval '30 days' else interval '1 day' end;
  return sessions;
end;
$$;
