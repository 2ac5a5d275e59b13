-- Access to the subject: an event about something that a business keeps reaches only who may see it, whatever its
-- audience says. A business names the kind of its subjects in campana.guardian(), and in campana.viewers() the function
-- that tells who may see one (docs/decisions/0024).

-- The business that keeps subjects of this kind; null: nobody's, so they are as open as the audience.
create or replace function campana.guardian(kind text) returns text
language sql immutable as $$
  select case kind when 'sale' then 'sales' end;
$$;

-- The roles whose people may see a subject, and the people who may besides. What no business keeps, nobody sees.
create or replace function campana.viewers(tenant uuid, subject text, out roles text[], out people uuid[])
language plpgsql stable as $$
declare
  id constant text := substr(subject, strpos(subject, ':') + 1);
begin
  case split_part(subject, ':', 1)
    when 'sale' then
      select v.roles, v.people into roles, people from campana.viewers_of_sale(tenant, id) v;
    else
      roles := '{}';
      people := '{}';
  end case;
end;
$$;

-- Whether some business of the tenant says who may see this subject.
create or replace function campana.is_guarded(tenant uuid, subject text) returns boolean
language sql stable as $$
  select exists (
    select from campana.tenant t
    where t.id = tenant and campana.guardian(split_part(subject, ':', 1)) = any (t.modules)
  );
$$;

-- The rule of an event about this subject: of whom the audience names, those who may see it.
create or replace function campana.guarded(tenant uuid, rule jsonb, subject text) returns jsonb
language plpgsql stable as $$
begin
  if not campana.is_guarded(tenant, subject) then
    return rule;
  end if;
  return jsonb_build_array('sees', rule, subject);
end;
$$;

-- Whether somebody may see a subject now.
create or replace function campana.may_see(tenant uuid, who uuid, subject text) returns boolean
language sql stable as $$
  select subject is null or not campana.is_guarded(tenant, subject) or exists (
    select
    from campana.users u
    cross join campana.viewers(tenant, subject) v
    where u.tenant_id = tenant and u.id = who and (u.role = any (v.roles) or u.id = any (v.people))
  );
$$;
