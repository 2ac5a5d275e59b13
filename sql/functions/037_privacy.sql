-- Erasing a person: the account at once, then, in steps, the inbox and what events say of them.

-- Ends all access and replaces name and e-mail, here and in the audit, whose rows stay. What else the person chose goes.
-- A definer function, since nobody else may change the audit; it looks at the tenant itself.
create or replace function campana.erase_person(tenant uuid, person uuid, new_name text) returns void
language plpgsql volatile security definer set search_path = campana, pg_temp as $$
declare
  u         campana.users;
  new_email text := 'erased-' || person || '@erased.invalid';
  one_email text;
  theirs    text[];  -- without those that somebody else has by now: only what is about this person says them then
begin
  perform campana.check_own_tenant(tenant);
  select * into u from campana.users t where t.tenant_id = tenant and t.id = person for update;
  if not found then
    perform campana.refuse('CA009', 'id', 'There is no such person.', 'Use an id from your own list.');
  elsif u.erased_at is not null then
    perform campana.refuse('CA008', 'id', 'This person was erased already.', 'There is nothing left to do.');
  end if;
  update campana.users t
  set name = new_name, email = new_email, former_emails = '{}', password_hash = null, locale = null, time_zone = null, branch_id = null,
    active = false, auth_version = t.auth_version + 1, erased_at = clock_timestamp()
  where t.tenant_id = tenant and t.id = person;
  delete from campana.session t where t.tenant_id = tenant and t.user_id = person;
  delete from campana.invitation t where t.tenant_id = tenant and t.user_id = person;
  delete from campana.topic_subscription t where t.tenant_id = tenant and t.user_id = person;
  delete from campana.user_preference t where t.tenant_id = tenant and t.user_id = person;
  delete from campana.user_attention t where t.tenant_id = tenant and t.user_id = person;
  delete from campana.user_mute t where t.tenant_id = tenant and t.user_id = person;
  delete from campana.user_settings t where t.tenant_id = tenant and t.user_id = person;
  delete from campana.policy_choice t where t.tenant_id = tenant and t.user_id = person;
  delete from campana.visit t where t.tenant_id = tenant and t.user_id = person;
  theirs := u.email || array(
    select f.email from unnest(u.former_emails) f (email)
    where not exists (select from campana.users o where o.tenant_id = tenant and o.email = f.email));
  update campana.audit a set actor = new_email
  where a.tenant_id = tenant and coalesce(a.actor_id = person, a.actor = any (theirs));
  foreach one_email in array u.former_emails || u.email loop
    update campana.audit a
    set detail = campana.without_name(campana.without_name(a.detail, one_email, new_email),
      case when a.detail ->> 'user' = person::text then u.name end, new_name)
    where a.tenant_id = tenant
      and coalesce(a.detail ->> 'user' = person::text, one_email = any (theirs) and strpos(a.detail::text, one_email) > 0);
  end loop;
  foreach one_email in array theirs loop
    delete from campana.sign_in_attempt t
    where (t.subject = 'account:' || one_email or starts_with(t.subject, 'account:' || one_email || ' ')
        or starts_with(t.subject, 'known:' || one_email || ' '))
      and not exists (select from campana.users o where o.email = one_email);  -- of another tenant by now
    update campana.scheduled s set audience = campana.without_text(s.audience, one_email, new_email)
    where s.tenant_id = tenant and strpos(lower(s.audience), one_email) > 0;
    update campana.announcement a set audience = campana.without_text(a.audience, one_email, new_email)
    where a.tenant_id = tenant and strpos(lower(a.audience), one_email) > 0;
  end loop;
  insert into campana.erasure (tenant_id, user_id, name, email, former_emails)
  values (tenant, person, u.name, u.email, array_remove(theirs, u.email));
end;
$$;

-- A text in which another stands for a name or e-mail, where that is said as a whole: what ends with it is somebody else's.
-- The sides of an e-mail are other than those of a name, which may follow a dot; its capitals do not matter.
create or replace function campana.without_text(value text, name text, instead text) returns text
language sql immutable as $$
  select case when coalesce(name, '') = '' then value else regexp_replace(
    value,
    case when strpos(name, '@') > 0 then '(?<![[:alnum:]_.+%-])' else '(?<![[:alnum:]_])' end
      || regexp_replace(name, '([^[:alnum:][:space:]])', '\\\1', 'g')
      || case when strpos(name, '@') > 0 then '(?![[:alnum:]_@-]|[.][[:alnum:]])' else '(?![[:alnum:]_])' end,
    replace(instead, '\', '\\'),
    case when strpos(name, '@') > 0 then 'gi' else 'g' end)
  end;
$$;

-- The same of several.
create or replace function campana.without_texts(value text, names text[], instead text) returns text
language plpgsql immutable as $$
declare
  one_name text;
begin
  foreach one_name in array names loop
    value := campana.without_text(value, one_name, instead);
  end loop;
  return value;
end;
$$;

-- The same in every text of a JSON value. Not in the names of its fields, nor in how it is written: somebody may be
-- called "title", or ":".
create or replace function campana.without_name(value jsonb, name text, instead text) returns jsonb
language plpgsql immutable as $$
begin
  return case jsonb_typeof(value)
    when 'string' then to_jsonb(campana.without_text(value #>> '{}', name, instead))
    when 'array' then (
      select coalesce(jsonb_agg(campana.without_name(i.item, name, instead) order by i.ord), '[]')
      from jsonb_array_elements(value) with ordinality i (item, ord))
    when 'object' then (
      select coalesce(jsonb_object_agg(f.key, campana.without_name(f.value, name, instead)), '{}')
      from jsonb_each(value) f)
    else value
  end;
end;
$$;

-- One step of what is left to do. stage: where it stands afterwards; null when another process is at it.
create or replace function campana.erase_step(
  tenant uuid, person uuid, out stage text, out notifications bigint, out events bigint)
language plpgsql volatile set enable_seqscan = off as $$
#variable_conflict use_variable
declare
  e    campana.erasure;
  gone integer;
  last uuid;
begin
  select * into e from campana.erasure t
  where t.tenant_id = tenant and t.user_id = person
  for update skip locked;
  if not found then
    return;
  end if;
  if e.stage = 'inbox' then
    perform campana.lock_inbox(tenant, person);
    delete from campana.expiring x where x.tenant_id = tenant and x.user_id = person;
    delete from campana.inbox i
    where i.tenant_id = tenant and i.user_id = person and i.seq in (
      select o.seq from campana.inbox o where o.tenant_id = tenant and o.user_id = person order by o.seq limit 2000);
    get diagnostics gone = row_count;
    update campana.inbox_head h
    set unread = 0, rev = h.rev + 1, floor = h.seq, read_floor = h.seq
    where h.tenant_id = tenant and h.user_id = person and gone < 2000;
    e.notifications := e.notifications + gone;
    e.stage := case when gone < 2000 then 'events' else 'inbox' end;
  elsif e.stage = 'events' then
    with looked as materialized (
      select t.id, t.actor = person or exists (
        select from unnest(e.email || e.former_emails) m (email) where strpos(lower(t.audience), m.email) > 0) as names
      from campana.event t
      where t.tenant_id = tenant and t.id > coalesce(e.at_event, '00000000-0000-0000-0000-000000000000')
      order by t.id
      limit 2000
    ),
    renamed as (
      update campana.event t
      set words = case when t.actor = person then campana.without_name(t.words, e.name, '—') else t.words end,
        audience = campana.without_texts(t.audience, e.email || e.former_emails, 'erased-' || person || '@erased.invalid')
      from looked l
      where l.names and t.tenant_id = tenant and t.id = l.id
      returning t.id
    ),
    sought as (  -- found by the name no more
      insert into campana.unsearched (tenant_id, event_id) select tenant, r.id from renamed r
    )
    select (select count(*) from renamed), (select l.id from looked l order by l.id desc limit 1) into gone, last;
    e.events := e.events + gone;
    e.at_event := coalesce(last, e.at_event);
    e.stage := case when last is null then 'done' else 'events' end;
  end if;
  update campana.erasure t
  set stage = e.stage, at_event = e.at_event, notifications = e.notifications, events = e.events,
    name = case when e.stage <> 'done' then t.name end, email = case when e.stage <> 'done' then t.email end,
    former_emails = case when e.stage <> 'done' then t.former_emails else '{}' end,
    ended_at = case when e.stage = 'done' then coalesce(t.ended_at, clock_timestamp()) end
  where t.tenant_id = tenant and t.user_id = person;
  stage := e.stage;
  notifications := e.notifications;
  events := e.events;
end;
$$;
