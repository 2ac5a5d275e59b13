-- Settings that every tenant has, and links by which people choose their password.

create or replace function campana.give_settings() returns trigger language plpgsql as $$
begin
  insert into campana.tenant_settings (tenant_id) values (new.id) on conflict do nothing;
  return null;
end;
$$;
create or replace trigger give_settings after insert on campana.tenant
  for each row execute function campana.give_settings();

-- Who holds this link. Found by its sha256, before the tenant is known.
drop function if exists campana.find_invitation(bytea);
create function campana.find_invitation(token_hash bytea)
returns table (tenant_id uuid, id uuid, email text, name text, tenant_name text, locale text)
language plpgsql stable security definer rows 1 set search_path = campana, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select p.tenant_id, p.id, p.email, p.name, p.tenant_name, p.locale
    from campana.invitation i
    join campana.people() p on p.tenant_id = i.tenant_id and p.id = i.user_id
    where i.token_hash = find_invitation.token_hash and i.expires_at > now();
end;
$$;

-- The holder's password, once: the link is gone, older sessions end. The account to open a session for.
drop function if exists campana.accept_invitation(bytea, text);
create function campana.accept_invitation(token_hash bytea, password_hash text)
returns table (tenant_id uuid, user_id uuid, auth_version integer)
language plpgsql volatile security definer rows 1 set search_path = campana, pg_temp as $$
#variable_conflict use_column
begin
  delete from campana.invitation i
  where i.token_hash = accept_invitation.token_hash and i.expires_at > now()
  returning i.tenant_id, i.user_id into tenant_id, user_id;
  if not found then
    return;
  end if;
  update campana.users u
  set password_hash = accept_invitation.password_hash, auth_version = u.auth_version + 1
  from campana.people() p
  where u.tenant_id = accept_invitation.tenant_id and u.id = accept_invitation.user_id
    and p.tenant_id = u.tenant_id and p.id = u.id
  returning u.auth_version into auth_version;
  if not found then
    return;
  end if;
  insert into campana.audit (tenant_id, actor, actor_id, action, detail)
  select accept_invitation.tenant_id, u.email, u.id, 'user.accept_invitation', jsonb_build_object('user', u.id, 'email', u.email)
  from campana.users u
  where u.tenant_id = accept_invitation.tenant_id and u.id = accept_invitation.user_id;
  return next;
end;
$$;
