-- Who may do what. Applied last on every migrate, to every table there is, so that none is forgotten.
--
--   campana_web        requests: owns nothing, sees the rows of app.tenant_id and no others
--   campana_bus        dispatcher, hub, courier, clock: every tenant
--   campana_auth       owns the functions that run before the tenant is known, and publish_event()
--   campana_publisher  may execute publish_event() and cancel_event(), nothing else
--
-- In one-role mode (the login cannot create roles) all four are the login itself; the setting
-- app.bus, fixed when a bus connection starts, then tells its rights from a request's, whose
-- connections have app.web, and the search_path that only definer functions have tells theirs (a
-- login without superuser rights cannot attach app.bus to a function).

do $$
declare
  one_role constant boolean := /*one_role*/false;
  own  constant text := 'tenant_id = (select campana.current_tenant())';
  "all" constant text := case when /*one_role*/false
    then 'current_setting(''app.bus'', true) = ''on'' or current_setting(''search_path'') = ''campana, pg_temp'''
    else 'true' end;
  r record;
  old record;
begin
  for r in
    select c.relname,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as has_tenant
    from pg_class c
    where c.relnamespace = 'campana'::regnamespace and c.relkind in ('r', 'p')
  loop
    for old in select polname from pg_policy where polrelid = format('campana.%I', r.relname)::regclass loop
      execute format('drop policy %I on campana.%I', old.polname, r.relname);
    end loop;
    continue when r.relname in ('migration', 'role_mapping');  -- the owner's ledger
    execute format('grant select, insert, update, delete, truncate on campana.%I to campana_bus', r.relname);
    execute format('grant select, insert, update, delete on campana.%I to campana_auth', r.relname);
    if r.has_tenant or r.relname = 'tenant' then
      execute format('alter table campana.%I enable row level security', r.relname);
      execute format('alter table campana.%I force row level security', r.relname);
      execute format('create policy tenant on campana.%I to campana_web using (%s) with check (%s)', r.relname,
        case r.relname when 'tenant' then replace(own, 'tenant_id =', 'id =') else own end,
        case r.relname when 'tenant' then replace(own, 'tenant_id =', 'id =') else own end);
      execute format('create policy everything on campana.%I to campana_bus, campana_auth using (%s) with check (%s)',
        r.relname, "all", "all");
    end if;
  end loop;

  -- Definer functions belong to campana_auth, and only named roles may call any function of ours.
  for r in
    select p.oid::regprocedure as signature, p.prosecdef, p.pronamespace = 'public'::regnamespace as is_door
    from pg_proc p
    where (p.pronamespace = 'campana'::regnamespace or (p.pronamespace = 'public'::regnamespace and p.proname in ('publish_event', 'cancel_event')))
      and p.prokind in ('f', 'p')
  loop
    execute format('revoke all on function %s from public', r.signature);
    execute format('grant execute on function %s to campana_web, campana_bus, campana_auth', r.signature);
    if r.is_door then
      execute format('grant execute on function %s to campana_publisher', r.signature);
    end if;
    if r.prosecdef and not one_role then
      execute format('alter function %s owner to campana_auth', r.signature);
    end if;
  end loop;
end;
$$;

grant usage on schema campana to campana_web, campana_bus, campana_auth;
grant usage on all sequences in schema campana to campana_bus, campana_auth;

-- What a request may touch directly, inside its tenant. Everything else goes through functions.
grant select on
  campana.tenant, campana.role, campana.branch, campana.users, campana.builtin_type, campana.tenant_type, campana.event, campana.event_recipients, campana.event_words,
  campana.installation, campana.scheduled, campana.poison
  to campana_web;
grant select, insert, update on campana.inbox, campana.inbox_head, campana.client_event, campana.publishing to campana_web;
grant select on campana.dedupe to campana_web;
grant select on
  campana.process, campana.connection, campana.statistic, campana.statistic_of_type, campana.alert
  to campana_web;
grant update (is_closing) on campana.connection to campana_web;
grant update (email, former_emails, name, role, branch_id, password_hash, locale, time_zone, active, auth_version) on campana.users to campana_web;
grant select, insert, update, delete on
  campana.tenant_preference, campana.role_preference, campana.user_preference,
  campana.tenant_attention, campana.role_attention, campana.user_attention, campana.user_mute, campana.user_settings,
  campana.visit, campana.idempotency, campana.topic_subscription, campana.api_key
  to campana_web;
grant select, insert, update on campana.sale, campana.sale_counter to campana_web;
grant select, insert, update, delete on campana.sale_item to campana_web;
grant select, insert, update (keys, revoked_at) on campana.token_issuer to campana_web;
grant insert on campana.users to campana_web;
grant insert, update (administers), delete on campana.role to campana_web;
grant insert, delete on campana.branch to campana_web;
grant update (name, time_zone, locale) on campana.tenant to campana_web;
grant select, update on campana.tenant_settings to campana_web;
grant select, insert, update, delete on campana.invitation to campana_web;
grant delete on campana.session to campana_web;
grant select (token_hash, tenant_id, user_id, auth_version, created_at, expires_at) on campana.session to campana_web;
grant select, insert on campana.audit to campana_web;
grant select, insert, update, delete on campana.policy_change, campana.policy_choice to campana_web;
grant select, insert on campana.announcement to campana_web;
grant select on campana.erasure to campana_web;
grant insert on campana.tenant_type to campana_web;
grant update (priority, variant, channels, icon, audience, words, sample, retention_days, retired_at) on campana.tenant_type to campana_web;
grant insert on campana.signal to campana_web;
grant select (id) on campana.signal to campana_web;
grant usage on all sequences in schema campana to campana_web;
