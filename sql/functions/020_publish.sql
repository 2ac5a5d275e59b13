-- publish_event(): the one door into the corridor. One row into the outbox, in the caller's
-- transaction: rolled back, nothing happened. Costs the same for one recipient and for 100,000.

create or replace function campana.refuse(code text, field text, message text, hint text) returns void
language plpgsql as $$
begin
  raise exception '%', message using errcode = code, detail = field, hint = hint;
end;
$$;

-- The tenant, by slug or id. A caller bound to a tenant may name no other; a request that is not
-- bound to any (in one-role mode app.web tells it from a program) may name none.
create or replace function campana.find_tenant(name text) returns uuid
language plpgsql stable as $$
declare
  found_id uuid;
  own uuid := campana.current_tenant();
begin
  select t.id into found_id from campana.tenant t where t.slug = find_tenant.name and t.active;
  if found_id is null then
    select t.id into found_id from campana.tenant t where t.id = campana.as_uuid(find_tenant.name) and t.active;
  end if;
  if (own is not null and found_id is distinct from own)
     or (own is null and (current_setting('role') = 'campana_web' or current_setting('app.web', true) = 'on')) then
    perform campana.refuse('CA007', 'tenant', 'You may publish for your own tenant only.',
      'Leave the tenant out, or name your own.');
  end if;
  if found_id is null then
    perform campana.refuse('CA001', 'tenant', format('There is no tenant %L.', left(name, 80)),
      'Name a tenant by its short name, for example tienda.');
  end if;
  return found_id;
end;
$$;

-- Links of events: http(s), or a path on our own origin. Anything else could run in a browser.
create or replace function campana.is_safe_link(url text) returns boolean
language sql immutable as $$
  select url ~ '^(https?://[^\s\\<>"\x01-\x1f\x7f]+|/(?![/\\])[^\s\\<>"\x01-\x1f\x7f]*)$' and length(url) <= 2000;
$$;

-- JSON that PostgreSQL keeps and others cannot read: their parsers stop at a depth, their numbers
-- at 1.8e308. Both show in the text, so most values are not looked through.
create or replace function campana.check_json(field text, value jsonb, most_bytes integer) returns void
language plpgsql immutable as $$
declare
  written text := value::text;
begin
  if octet_length(written) > most_bytes then
    perform campana.refuse('CA006', field, format('%s is larger than %s KiB.', initcap(field), most_bytes / 1024),
      'Send an id and let the reader fetch the rest.');
  elsif length(written) - length(translate(written, '[{', '')) >= 100 and jsonb_path_exists(value, 'strict $.**{100}') then
    perform campana.refuse('CA005', field, format('%s is nested deeper than 100 levels.', initcap(field)),
      'Send it flat, or as text.');
  elsif length(written) >= 250 and written ~ '[0-9]{250}'
        and jsonb_path_exists(value, 'strict $.** ? (@.type() == "number" && (@ > 1.7e308 || @ < -1.7e308))') then
    perform campana.refuse('CA005', field, format('%s holds a number that is too large.', initcap(field)),
      'Send it as text.');
  end if;
end;
$$;

create or replace function campana.check_actions(actions jsonb) returns void
language plpgsql immutable as $$
declare
  action jsonb;
begin
  if jsonb_typeof(actions) <> 'array' or jsonb_array_length(actions) > 5 then
    perform campana.refuse('CA005', 'actions', 'Actions must be a list of at most five.',
      'Send [{"name": "view", "label": "Ver venta", "url": "/sales"}].');
  end if;
  perform campana.check_json('actions', actions, 8192);
  for action in select a from jsonb_array_elements(actions) a loop
    if jsonb_typeof(action) <> 'object'
       or coalesce(action ->> 'name', '') !~ '^[a-z][a-z0-9_]{0,39}$'
       or jsonb_typeof(action -> 'label') not in ('string', 'null')
       or length(action ->> 'label') > 60
       or action ->> 'label' !~ '\S'
       or (action ? 'url' and not campana.is_safe_link(action ->> 'url')) then
      perform campana.refuse('CA005', 'actions', 'Each action needs a name, and its label and url must be fit to be shown.',
        'name: a-z, 0-9 and _ up to 40; label: 1 to 60 characters; url: http(s) or a path that starts with one slash.');
    elsif coalesce(action ->> 'method', 'get') not in ('get', 'post') then
      perform campana.refuse('CA005', 'actions', 'The method of an action is get or post.',
        'get leads somewhere, post does something; left out it is get.');
    elsif action ->> 'method' = 'post' and coalesce(action ->> 'url', '') not like '/%' then
      perform campana.refuse('CA005', 'actions', 'An action that does something posts to a path of this site.',
        'Send for example {"name": "confirm_payment", "method": "post", "url": "/sales/<id>/payment"}.');
    end if;
  end loop;
  if (select count(distinct a ->> 'name') < count(*) from jsonb_array_elements(actions) a) then
    perform campana.refuse('CA005', 'actions', 'Two actions of an event have the same name.', 'Name each differently.');
  end if;
end;
$$;

-- Tenant and type the careful way: by id too, for a caller bound to a tenant, or with the reason why not.
create or replace function campana.find_publisher(
  tenant text, type text, out tenant_id uuid, out own uuid, out lasting boolean, out priority text, out variant text
) returns record
language plpgsql stable as $$
begin
  tenant_id := campana.find_tenant(find_publisher.tenant);
  select coalesce(b.lasting, y.lasting), coalesce(b.priority, y.priority), coalesce(b.variant, y.variant)
  into lasting, priority, variant
  from (values (find_publisher.type)) w (name)
  left join campana.builtin_type b on b.name = w.name
  left join campana.tenant_type y
    on y.tenant_id = find_publisher.tenant_id and y.name = w.name and y.retired_at is null;
  if lasting is null then
    perform campana.refuse('CA002', 'type', format('There is no event type %L.', left(find_publisher.type, 80)),
      'Use a built-in type such as sale:created, or add your own with: main.py type add.');
  end if;
end;
$$;

create or replace function campana.check_event(
  type text, title text, message text, data jsonb, priority text, variant text, url text,
  actions jsonb, subject text, dedupe_key text, collapse_key text, deliver_at timestamptz, expires_at timestamptz
) returns void
language plpgsql stable as $$
begin
  if length(title) > 200 then
    perform campana.refuse('CA006', 'title', 'The title is longer than 200 characters.', 'Shorten it; details go into the message.');
  elsif length(message) > 4000 then
    perform campana.refuse('CA006', 'message', 'The message is longer than 4,000 characters.', 'Shorten it and link to the rest.');
  elsif jsonb_typeof(data) <> 'object' then
    perform campana.refuse('CA005', 'data', 'Data must be a JSON object.', 'Send for example {"orderId": 7}.');
  elsif priority not in ('low', 'medium', 'high', 'urgent') then
    perform campana.refuse('CA005', 'priority', format('There is no priority %L.', left(priority, 40)), 'Use low, medium, high or urgent.');
  elsif variant not in ('info', 'success', 'warning', 'error') then
    perform campana.refuse('CA005', 'variant', format('There is no variant %L.', left(variant, 40)), 'Use info, success, warning or error.');
  elsif not campana.is_safe_link(url) then
    perform campana.refuse('CA005', 'url', 'The link is neither http(s) nor a path of this site.', 'Use https://… or a path that starts with one slash.');
  elsif subject !~ '^[a-z][a-z0-9_]{0,39}:[^\s[:cntrl:]]{1,100}$' then
    perform campana.refuse('CA005', 'subject', 'The subject is not of the form kind:id.', 'Send for example appointment:42.');
  elsif length(dedupe_key) not between 1 and 255 then
    perform campana.refuse('CA005', 'dedupe_key', 'The dedupe key must have 1 to 255 characters.', 'Use for example sale:42:created.');
  elsif length(collapse_key) not between 1 and 255 then
    perform campana.refuse('CA005', 'collapse_key', 'The collapse key must have 1 to 255 characters.', 'Use for example chat:42.');
  elsif deliver_at > clock_timestamp() + interval '400 days' then
    perform campana.refuse('CA005', 'deliver_at', 'The event is due more than 400 days from now.', 'Publish it later.');
  elsif expires_at <= greatest(clock_timestamp(), deliver_at) then
    perform campana.refuse('CA005', 'expires_at', 'The event would expire before it is delivered.', 'Choose a later expires_at.');
  elsif expires_at >= '9999-01-01 00:00:00+00' then  -- Python's calendar ends with that year, wherever the reader lives
    perform campana.refuse('CA005', 'expires_at', 'The event would expire after the year 9998.', 'Leave expires_at out: then it never does.');
  end if;
  perform campana.check_json('data', data, 32768);
  if actions is not null then
    perform campana.check_actions(actions);
  end if;
end;
$$;

-- Whether JSON can be kept and read by others, without the exact look of campana.check_json().
create or replace function campana.is_light(written text) returns boolean
language plpgsql immutable strict as $$
begin
  return octet_length(written) <= 32768 and length(written) - length(translate(written, '[{', '')) < 100
    and written !~ '[0-9]{250}';
end;
$$;

-- Whether words, data and link are right beyond doubt, in one expression that is paid by every
-- publisher. False: campana.check_event() says what is wrong, if anything is. JSON of fewer than 200
-- characters is neither too large nor too deep, and no number in it is too long.
create or replace function campana.is_plain(title text, message text, data jsonb, url text) returns boolean
language sql immutable as $$
  select coalesce(length(title) <= 200 and length(message) <= 4000 and campana.is_safe_link(url)
    and jsonb_typeof(data) = 'object' and (octet_length(data::text) < 200 or campana.is_light(data::text)), true);
$$;

-- The same of what fewer events have.
create or replace function campana.has_plain_marks(priority text, variant text, subject text, collapse_key text)
returns boolean
language plpgsql immutable as $$
begin
  return (priority is null or priority in ('low', 'medium', 'high', 'urgent'))
    and (variant is null or variant in ('info', 'success', 'warning', 'error'))
    and (subject is null or subject ~ '^[a-z][a-z0-9_]{0,39}:[^\s[:cntrl:]]{1,100}$')
    and (collapse_key is null or length(collapse_key) between 1 and 255);
end;
$$;

-- Whether the caller may publish for any tenant: a program, neither bound to one nor a request that is
-- bound to none (see campana.find_tenant).
create or replace function campana.is_program() returns boolean
language sql stable as $$
  select coalesce(current_setting('app.tenant_id', true), '') = ''
    and current_setting('role') <> 'campana_web' and current_setting('app.web', true) is distinct from 'on';
$$;

-- A commit that notifies holds a cluster-wide lock across its fsync: wake only when all sleep.
-- With nobody there nobody is woken: a dispatcher that comes looks by itself.
create or replace function campana.wake_a_dispatcher() returns void
language plpgsql volatile as $$
begin
  perform pg_notify('campana_wake', '')
  from (select bool_or(awake and beat > clock_timestamp() - interval '1 second') as awake from campana.dispatcher) d
  where not d.awake;
end;
$$;

-- Returns the event's id (UUIDv7). A second event with the same dedupe_key returns the first's.
-- An event as most are, of a built-in type and told by a program, is one statement, because each is
-- paid by every publisher: it also asks what campana.wake_a_dispatcher() asks. What it does not take
-- is published with care, or refused.
create or replace function public.publish_event(
  tenant       text,
  type         text,
  audience     text,
  title        text default null,
  message      text default null,
  data         jsonb default '{}',
  priority     text default null,
  variant      text default null,
  url          text default null,
  actions      jsonb default null,
  actor        text default null,
  subject      text default null,
  dedupe_key   text default null,
  collapse_key text default null,
  deliver_at   timestamptz default null,
  expires_at   timestamptz default null
) returns uuid
language plpgsql security definer set search_path = campana, pg_temp as $$
#variable_conflict use_column
declare
  event_id uuid;
  all_sleep boolean;
begin
  if coalesce(actor, dedupe_key) is null and coalesce(deliver_at, expires_at) is null and actions is null
     and campana.is_program() and campana.is_plain(title, message, data, url)
     and (coalesce(priority, variant, subject, collapse_key) is null
          or campana.has_plain_marks(priority, variant, subject, collapse_key)) then
    insert into campana.outbox as o (
      tenant_id, event_id, type, lasting, audience, rule, title, message, data, priority, variant, url, subject,
      collapse_key, published_at)
    select t.id, campana.uuid7(), publish_event.type, b.lasting, publish_event.audience,
      campana.parse_audience(t.id, publish_event.audience, publish_event.subject), publish_event.title, publish_event.message,
      coalesce(publish_event.data, '{}'), coalesce(publish_event.priority, b.priority),
      coalesce(publish_event.variant, b.variant), publish_event.url, publish_event.subject,
      publish_event.collapse_key, clock_timestamp()
    from campana.tenant t
    cross join campana.builtin_type b
    where t.slug = publish_event.tenant and t.active and b.name = publish_event.type
    returning o.event_id, (
      select not bool_or(d.awake and d.beat > clock_timestamp() - interval '1 second') from campana.dispatcher d
    )
    into event_id, all_sleep;
    if event_id is not null then
      if all_sleep then
        perform pg_notify('campana_wake', '');
      end if;
      return event_id;
    end if;
  end if;
  return campana.publish_with_care(tenant, type, audience, title, message, data, priority, variant, url, actions,
    actor, subject, dedupe_key, collapse_key, deliver_at, expires_at);
end;
$$;

-- The long way: everything is looked at, in an order that says what is wrong first. Whatever an event
-- can have it may have here.
create or replace function campana.publish_with_care(
  tenant text, type text, audience text, title text, message text, data jsonb, priority text, variant text, url text,
  actions jsonb, actor text, subject text, dedupe_key text, collapse_key text, deliver_at timestamptz, expires_at timestamptz
) returns uuid
language plpgsql volatile as $$
#variable_conflict use_column
<<fn>>
declare
  known    record;
  rule     jsonb := '["all"]';
  actor_id uuid;
  event_id uuid := campana.uuid7();
  earlier  uuid;
begin
  select t.id as tenant_id, campana.current_tenant() as own,
    coalesce(b.lasting, y.lasting) as lasting, coalesce(b.priority, y.priority) as priority,
    coalesce(b.variant, y.variant) as variant
  into known
  from campana.tenant t
  left join campana.builtin_type b on b.name = publish_with_care.type
  left join campana.tenant_type y
    on y.tenant_id = t.id and y.name = publish_with_care.type and y.retired_at is null
  where t.slug = publish_with_care.tenant and t.active;
  if known.tenant_id is null or known.lasting is null
     or known.own is distinct from known.tenant_id
     and (known.own is not null or current_setting('role') = 'campana_web' or current_setting('app.web', true) = 'on')
  then
    known := campana.find_publisher(publish_with_care.tenant, publish_with_care.type);
  end if;
  -- of a tenant's own type, whom it is for when nobody says so
  audience := coalesce(publish_with_care.audience, (
    select y.audience from campana.tenant_type y
    where y.tenant_id = known.tenant_id and y.name = publish_with_care.type));
  if publish_with_care.audience is distinct from 'all' or subject is not null then
    rule := campana.parse_audience(known.tenant_id, publish_with_care.audience, subject);
  end if;
  perform campana.check_event(publish_with_care.type, title, message, coalesce(data, '{}'), priority, variant, url,
    actions, subject, dedupe_key, collapse_key, deliver_at, expires_at);
  if actor is not null then
    actor_id := campana.find_user(known.tenant_id, actor);
    if actor_id is null then
      perform campana.refuse('CA004', 'actor', 'The actor is not a user of this tenant.', 'Name a user by id or by e-mail.');
    end if;
  end if;

  if dedupe_key is not null then
    insert into campana.dedupe (tenant_id, key, event_id)
    values (known.tenant_id, dedupe_key, event_id)
    on conflict do nothing;
    if not found then
      select d.event_id into earlier from campana.dedupe d
      where d.tenant_id = known.tenant_id and d.key = dedupe_key;
      return earlier;
    end if;
  end if;

  if deliver_at > clock_timestamp() then
    insert into campana.scheduled (
      deliver_at, tenant_id, event_id, type, lasting, audience, rule, title, message, data, priority, variant,
      url, actions, actor, subject, dedupe_key, collapse_key, expires_at, published_at)
    values (
      deliver_at, known.tenant_id, event_id, publish_with_care.type, known.lasting, publish_with_care.audience, rule, title, message,
      coalesce(data, '{}'), coalesce(priority, known.priority), coalesce(variant, known.variant),
      url, actions, actor_id, subject, dedupe_key, collapse_key, expires_at, clock_timestamp());
    return event_id;
  end if;

  insert into campana.outbox (
    tenant_id, event_id, type, lasting, audience, rule, title, message, data, priority, variant,
    url, actions, actor, subject, collapse_key, expires_at, published_at)
  values (
    known.tenant_id, event_id, publish_with_care.type, known.lasting, publish_with_care.audience, rule, title, message,
    coalesce(data, '{}'), coalesce(priority, known.priority), coalesce(variant, known.variant),
    url, actions, actor_id, subject, collapse_key, expires_at, clock_timestamp());
  perform campana.wake_a_dispatcher();
  return event_id;
end;
$$;

-- Takes an event back before it is due. Its dedupe key is free again.
create or replace function public.cancel_event(tenant text, id uuid) returns void
language plpgsql security definer set search_path = campana, pg_temp as $$
#variable_conflict use_column
<<fn>>
declare
  tenant_id uuid := campana.find_tenant(tenant);
  dedupe_key text;
begin
  delete from campana.scheduled s where s.tenant_id = fn.tenant_id and s.event_id = cancel_event.id
  returning s.dedupe_key into dedupe_key;
  if found then
    delete from campana.dedupe d
    where d.tenant_id = fn.tenant_id and d.key = fn.dedupe_key and d.event_id = cancel_event.id;
    return;
  end if;
  if exists (select from campana.outbox o where o.tenant_id = fn.tenant_id and o.event_id = cancel_event.id)
     or exists (select from campana.event e where e.tenant_id = fn.tenant_id and e.id = cancel_event.id) then
    perform campana.refuse('CA008', 'id', 'The event is already due: it is on its way or delivered.',
      'Cancel before deliver_at.');
  end if;
  perform campana.refuse('CA009', 'id', 'There is no such event.', 'Use the id that publishing returned.');
end;
$$;

-- An array of events as most are, in one statement; their ids in the array's order. Null, and nothing
-- happened, when any of them is otherwise: for the caller's own tenant only. One plan for arrays of any
-- length: a few events would else be planned anew each time, which costs more than writing them.
create or replace function campana.publish_plainly(tenant text, items jsonb) returns uuid[]
language plpgsql security definer set search_path = campana, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  ids uuid[];
begin
  with sent as materialized (
    select i.ord, t.id as tenant_id, i.item, i.item ->> 'type' as type, i.item ->> 'audience' as audience,
      i.item ->> 'title' as title, i.item ->> 'message' as message, i.item -> 'data' as data, i.item ->> 'url' as url,
      i.item ->> 'subject' as subject, i.item ->> 'collapse_key' as collapse_key, coalesce(b.lasting, y.lasting) as lasting,
      coalesce(i.item ->> 'priority', b.priority, y.priority) as priority,
      coalesce(i.item ->> 'variant', b.variant, y.variant) as variant
    from campana.tenant t
    cross join jsonb_array_elements(items) with ordinality i (item, ord)
    left join campana.builtin_type b on b.name = i.item ->> 'type'
    left join campana.tenant_type y on y.tenant_id = t.id and y.name = i.item ->> 'type' and y.retired_at is null
    where t.id = campana.current_tenant() and t.active and publish_plainly.tenant in (t.id::text, t.slug)
  ),
  written as (
    insert into campana.outbox (
      tenant_id, event_id, type, lasting, audience, rule, title, message, data, priority, variant, url, subject,
      collapse_key, published_at)
    select tenant_id, campana.uuid7(), type, lasting, audience, campana.parse_audience(tenant_id, audience, subject), title,
      message, coalesce(data, '{}'), priority, variant, url, subject, collapse_key, clock_timestamp()
    from sent
    where not exists (
      select from sent
      where lasting is null or audience is null or item ?| '{actions, actor, dedupe_key, deliver_at, expires_at}'
        or not campana.is_plain(title, message, data, url)
        or not campana.has_plain_marks(priority, variant, subject, collapse_key)
    )
    order by ord
    returning event_id
  )
  select array_agg(event_id) into ids from written;
  perform campana.wake_a_dispatcher() where ids is not null;
  return ids;
end;
$$;

-- An array of events: all at once, or each by itself to say what is wrong with which. The caller
-- rolls back when any row has a code, so that all happen or none.
create or replace function campana.publish_batch(tenant text, items jsonb)
returns table (ord integer, id uuid, code text, message text, field text, hint text)
language plpgsql as $$
#variable_conflict use_column
declare
  item jsonb;
  ids uuid[];
begin
  begin
    ids := campana.publish_plainly(publish_batch.tenant, items);
  exception when others then
    if left(sqlstate, 2) not in ('CA', '22') then
      raise;
    end if;
  end;
  if ids is not null then
    return query
      select i.ord::integer - 1, i.id, null::text, null::text, null::text, null::text
      from unnest(ids) with ordinality i (id, ord);
    return;
  end if;

  ord := -1;
  for item in select i from jsonb_array_elements(items) i loop
    ord := ord + 1;
    id := null; code := null; message := null; field := null; hint := null;
    begin
      id := public.publish_event(
        tenant => publish_batch.tenant, type => item ->> 'type', audience => item ->> 'audience',
        title => item ->> 'title', message => item ->> 'message', data => item -> 'data',
        priority => item ->> 'priority', variant => item ->> 'variant', url => item ->> 'url',
        actions => nullif(item -> 'actions', 'null'), actor => item ->> 'actor', subject => item ->> 'subject',
        dedupe_key => item ->> 'dedupe_key', collapse_key => item ->> 'collapse_key',
        deliver_at => (item ->> 'deliver_at')::timestamptz, expires_at => (item ->> 'expires_at')::timestamptz);
    exception when others then
      get stacked diagnostics code = returned_sqlstate, message = message_text, field = pg_exception_detail, hint = pg_exception_hint;
      if left(code, 2) not in ('CA', '22') then
        raise;
      end if;
    end;
    return next;
  end loop;
end;
$$;
