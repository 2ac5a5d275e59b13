-- Audience expressions: who an event is for.
--
--   all · role:NAME · user:ID-or-email · branch:NAME · topic:NAME      "quoted names" may hold spaces
--   ! binds tighter than & binds tighter than |, parentheses group
--
-- parse_audience() turns text into a rule once, at publishing, and refuses what nobody could be;
-- audience_members() is the one evaluator: the dispatcher, the hub and the dry run all ask it.
-- A rule is ["all"] · ["role", name] · ["user", id] · ["branch", id, name] · ["topic", name]
-- · ["!", rule] · ["&", rule, rule] · ["|", rule, rule], as an audience says it; and around it, of an event about
-- something that a business keeps, ["sees", rule, subject] (015_subjects.sql).

create or replace function campana.current_tenant() returns uuid
language sql stable as $$
  select nullif(current_setting('app.tenant_id', true), '')::uuid;
$$;

-- UUIDv7: sorts by time, as far as a microsecond tells. PostgreSQL has its own, which costs half as much, only from 18 on.
create or replace function campana.uuid7() returns uuid
language sql volatile as $$
  select encode(
    overlay(uuid_send(gen_random_uuid())
      placing int8send((us / 1000 << 16) | x'7000'::bigint | (us % 1000 * 4096 / 1000)) from 1 for 8),
    'hex')::uuid
  from (select (date_part('epoch', clock_timestamp()) * 1000000)::bigint as us) now;
$$;

do $$
begin
  if to_regprocedure('pg_catalog.uuidv7()') is not null then
    create or replace function campana.uuid7() returns uuid
    language sql volatile as 'select pg_catalog.uuidv7()';
  end if;
end;
$$;

drop function if exists campana.uuid_at(timestamptz);
-- The least UUIDv7 of a moment: ids of later ones are greater.
create or replace function campana.uuid7_at(moment timestamptz) returns uuid
language sql immutable as $$
  select (lpad(to_hex(floor(greatest(0, extract(epoch from moment)) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
$$;

-- An id that somebody wrote; null for what is none.
create or replace function campana.as_uuid(value text) returns uuid
language sql immutable as $$
  select case when value ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then value::uuid end;
$$;

-- Two statements, because one for both would look through all people of the tenant.
create or replace function campana.find_user(tenant uuid, id_or_email text) returns uuid
language plpgsql stable as $$
declare
  written constant uuid := campana.as_uuid(id_or_email);
begin
  if written is not null then
    return (select u.id from campana.users u where u.tenant_id = tenant and u.id = written);
  end if;
  return (select u.id from campana.users u where u.tenant_id = tenant and u.email = lower(id_or_email));
end;
$$;

create or replace function campana.audience_term(tenant uuid, kind text, name text) returns jsonb
language plpgsql stable as $$
declare
  found_id uuid;
begin
  case kind
    when 'role' then
      if not exists (select from campana.role r where r.tenant_id = tenant and r.name = audience_term.name) then
        raise exception 'This tenant has no role "%".', name
          using errcode = 'CA004', detail = 'audience', hint = 'Roles are written in capitals, for example role:ADMIN.';
      end if;
      return jsonb_build_array('role', name);
    when 'user' then
      found_id := campana.find_user(tenant, name);
      if found_id is null then
        raise exception 'This tenant has no user "%".', name
          using errcode = 'CA004', detail = 'audience', hint = 'Name a user by id or by e-mail.';
      end if;
      return jsonb_build_array('user', found_id);
    when 'branch' then
      select b.id into found_id from campana.branch b where b.tenant_id = tenant and b.name = audience_term.name;
      if found_id is null then
        raise exception 'This tenant has no branch "%".', name
          using errcode = 'CA004', detail = 'audience', hint = 'A name with spaces needs quotes: branch:"San Benito".';
      end if;
      return jsonb_build_array('branch', found_id, name);
    else
      if length(name) > 120 then
        raise exception 'A topic has at most 120 characters.'
          using errcode = 'CA003', detail = 'audience', hint = 'Use a shorter topic.';
      end if;
      return jsonb_build_array('topic', name);
  end case;
end;
$$;

-- Of !, all, role:, branch: and topic: together: each looks at everybody it names, so an audience costs what its event
-- costs to deliver. Only length bounds user:, which looks at one.
create or replace function campana.most_wide_terms() returns integer
language sql immutable as 'select 30';

-- The rule of an audience; with `subject`, that of an event about it. (In here, because whatever the statement that
-- publishes calls besides is paid by every event.)
drop function if exists campana.parse_audience(uuid, text);
create or replace function campana.parse_audience(tenant uuid, expression text, subject text default null) returns jsonb
language plpgsql stable as $$
declare
  term   text[];
  token  text;
  rest   text := expression;
  output jsonb[] := '{}';   -- finished rules
  stack  text[] := '{}';    -- waiting operators
  open_slot boolean := true; -- a term is expected next
  wide   integer := 0;      -- terms that look at many people
  top    text;
begin
  if subject is not null and campana.guardian(split_part(subject, ':', 1)) is not null then
    return campana.guarded(tenant, campana.parse_audience(tenant, expression), subject);
  end if;
  if expression is null or length(expression) > 2000 then
    raise exception 'The audience is missing or longer than 2,000 characters.'
      using errcode = 'CA003', detail = 'audience', hint = 'Write for example: all, role:ADMIN or user:ana@salon.demo.';
  end if;
  -- Nearly every audience is one plain term. A role that exists has a plain name.
  if expression = 'all' then
    return '["all"]';
  end if;
  if expression like 'role:%' and exists (
    select from campana.role r where r.tenant_id = tenant and r.name = substr(expression, 6)
  ) then
    return jsonb_build_array('role', substr(expression, 6));
  end if;
  term := regexp_match(expression, '^(role|user|branch|topic):([^\s!&|()"]+)$');
  if term is not null then
    return campana.audience_term(tenant, term[1], term[2]);
  end if;

  loop
    rest := ltrim(rest, E' \t\r\n');
    exit when rest = '';
    token := substring(rest from '^(?:[!&|()]|(?:role|user|branch|topic):(?:"[^"]+"|[^\s!&|()"]+)|all(?![^\s!&|()]))');
    if token is null then
      raise exception 'The audience cannot be read from "%" on.', left(rest, 40)
        using errcode = 'CA003', detail = 'audience',
              hint = 'Terms are all, role:NAME, user:ID-or-email, branch:NAME and topic:NAME, joined by !, & and |.';
    end if;
    rest := substr(rest, length(token) + 1);
    wide := wide + (token = '!' or token ~ '^(all|role|branch|topic)')::integer;
    if wide > campana.most_wide_terms() then  -- 500 of them kept the dispatcher from every other tenant for seconds
      raise exception 'The audience has more than % terms, not counting user:….', campana.most_wide_terms()
        using errcode = 'CA003', detail = 'audience', hint = 'Use a topic for a group that needs so many words.';
    end if;

    if token in ('!', '(') then
      if not open_slot then
        raise exception 'The audience lacks & or | before "%".', token || left(rest, 40)
          using errcode = 'CA003', detail = 'audience', hint = 'Join terms with & (both) or | (either).';
      end if;
      stack := stack || token;
    elsif token in ('&', '|', ')') then
      if open_slot then
        raise exception 'The audience lacks a term before "%".', token
          using errcode = 'CA003', detail = 'audience', hint = 'Put a term on both sides of & and |.';
      end if;
      loop
        top := stack[array_upper(stack, 1)];
        exit when top is null or top = '('
          or (token = '&' and top = '|');
        stack := trim_array(stack, 1);
        output := campana.audience_apply(output, top);
      end loop;
      if token = ')' then
        if top is null then
          raise exception 'The audience closes a parenthesis that was never opened.'
            using errcode = 'CA003', detail = 'audience', hint = 'Balance the parentheses.';
        end if;
        stack := trim_array(stack, 1);
      else
        stack := stack || token;
        open_slot := true;
      end if;
    else
      if not open_slot then
        raise exception 'The audience lacks & or | before "%".', token
          using errcode = 'CA003', detail = 'audience', hint = 'Join terms with & (both) or | (either).';
      end if;
      if token = 'all' then
        output := output || '["all"]'::jsonb;
      else
        term := regexp_match(token, '^([a-z]+):"?([^"]+)"?$');
        output := output || campana.audience_term(tenant, term[1], term[2]);
      end if;
      open_slot := false;
    end if;
    if cardinality(stack) > 50 or cardinality(output) > 200 then
      raise exception 'The audience is nested too deeply.'
        using errcode = 'CA003', detail = 'audience', hint = 'Use a topic for a group that needs so many words.';
    end if;
  end loop;

  if open_slot then
    raise exception 'The audience ends where a term is expected.'
      using errcode = 'CA003', detail = 'audience', hint = 'Write for example: all, role:ADMIN or user:ana@salon.demo.';
  end if;
  while cardinality(stack) > 0 loop
    top := stack[array_upper(stack, 1)];
    if top = '(' then
      raise exception 'The audience opens a parenthesis that is never closed.'
        using errcode = 'CA003', detail = 'audience', hint = 'Balance the parentheses.';
    end if;
    stack := trim_array(stack, 1);
    output := campana.audience_apply(output, top);
  end loop;
  return output[1];
end;
$$;

-- Whoever administers the tenant, as an audience with room for one term more; null when nobody does. Of more roles
-- than it may have, those that somebody has.
create or replace function campana.administrators(tenant uuid) returns text
language sql stable as $$
  select string_agg('role:' || r.name, ' | ' order by r.name)
  from (
    select r.name
    from campana.role r
    where r.tenant_id = tenant and r.administers
    order by not exists (select from campana.users u where u.tenant_id = tenant and u.role = r.name and u.active), r.name
    limit campana.most_wide_terms() - 1
  ) r;
$$;

-- Replaces the last one or two rules by their combination.
create or replace function campana.audience_apply(output jsonb[], operator text) returns jsonb[]
language sql immutable as $$
  select case
    when operator = '!' then trim_array(output, 1) || jsonb_build_array('!', output[cardinality(output)])
    else trim_array(output, 2) || jsonb_build_array(operator, output[cardinality(output) - 1], output[cardinality(output)])
  end;
$$;

-- Active users whom the rule names now, each with the role and the reason, a short text such as 'role:ADMIN'.
-- `among` asks about some users only; as a subquery, because `= any (parameter)` is searched row by row.
drop function if exists campana.audience_members(uuid, jsonb, uuid[]);
create function campana.audience_members(tenant uuid, rule jsonb, among uuid[] default null)
returns table (user_id uuid, role text, reason text)
language plpgsql stable rows 1000 as $$
#variable_conflict use_column
declare
  value text := rule ->> 1;
begin
  case rule ->> 0
    when 'all' then
      return query
        select u.id, u.role, 'all' from campana.users u
        where u.tenant_id = tenant and u.active and (among is null or u.id in (select unnest(among)));
    when 'role' then
      return query
        select u.id, u.role, 'role:' || value from campana.users u
        where u.tenant_id = tenant and u.role = value and u.active and (among is null or u.id in (select unnest(among)));
    when 'user' then
      return query
        select u.id, u.role, 'user' from campana.users u
        where u.tenant_id = tenant and u.id = value::uuid and u.active and (among is null or u.id = any (among));
    when 'branch' then
      return query
        select u.id, u.role, 'branch:' || (rule ->> 2) from campana.users u
        where u.tenant_id = tenant and u.branch_id = value::uuid and u.active and (among is null or u.id in (select unnest(among)));
    when 'topic' then
      return query
        select u.id, u.role, 'topic:' || value
        from campana.topic_subscription s
        join campana.users u on u.tenant_id = s.tenant_id and u.id = s.user_id
        where s.tenant_id = tenant and s.topic = value and u.active and (among is null or u.id in (select unnest(among)));
    when '&' then
      return query
        select l.user_id, l.role, left(l.reason || ' & ' || r.reason, 200)
        from campana.audience_members(tenant, rule -> 1, among) l
        join campana.audience_members(tenant, rule -> 2, among) r using (user_id);
    when '|' then
      return query
        select user_id, coalesce(l.role, r.role), coalesce(l.reason, r.reason)
        from campana.audience_members(tenant, rule -> 1, among) l
        full join campana.audience_members(tenant, rule -> 2, among) r using (user_id);
    when '!' then
      return query
        select u.id, u.role, 'not ' || campana.audience_words(rule -> 1) from campana.users u
        where u.tenant_id = tenant and u.active and (among is null or u.id in (select unnest(among)))
          and not exists (
            select from campana.audience_members(tenant, rule -> 1, among) m where m.user_id = u.id
          );
    when 'sees' then  -- the reason stays the audience's: it is why, this is only why not
      return query
        select m.user_id, m.role, m.reason
        from campana.viewers(tenant, rule ->> 2) v
        cross join campana.audience_members(tenant, rule -> 1, among) m
        where m.role = any (v.roles) or m.user_id = any (v.people);
  end case;
end;
$$;

-- The rule in words again, at most 100 characters.
create or replace function campana.audience_words(rule jsonb) returns text
language sql immutable as $$
  select left(case rule ->> 0
    when 'all' then 'all'
    when 'user' then 'user'
    when 'branch' then 'branch:' || (rule ->> 2)
    when '!' then 'not ' || campana.audience_words(rule -> 1)
    when '&' then '(' || campana.audience_words(rule -> 1) || ' & ' || campana.audience_words(rule -> 2) || ')'
    when '|' then '(' || campana.audience_words(rule -> 1) || ' | ' || campana.audience_words(rule -> 2) || ')'
    else (rule ->> 0) || ':' || (rule ->> 1)
  end, 100);
$$;
