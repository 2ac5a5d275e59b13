-- The log of events: read by administrators along the primary key of campana.event, never as a whole.

-- Whom this audience names now, of one person: the reason, null when it does not. is_known: false when it
-- cannot be told any more, because it speaks of a role, branch or user that is gone; then `reason` says so. sees:
-- whether they may see the subject, which the audience does not ask.
drop function if exists campana.reason_now(uuid, text, uuid);
create or replace function campana.reason_now(
  tenant uuid, audience text, subject text, who uuid, out is_known boolean, out reason text, out sees boolean)
language plpgsql stable as $$
begin
  is_known := true;
  sees := campana.may_see(tenant, who, subject);
  select m.reason into reason
  from campana.audience_members(tenant, campana.parse_audience(tenant, audience), array[who]) m;
exception when sqlstate 'CA003' or sqlstate 'CA004' then
  is_known := false;
  sees := campana.may_see(tenant, who, subject);
  reason := sqlerrm;
end;
$$;

-- An audience as people read it: with the names of those whom it names by id, as we write it ourselves.
create or replace function campana.audience_for_people(tenant uuid, audience text) returns text
language plpgsql stable as $$
declare
  whom record;
  shown text := audience;
begin
  if audience !~* 'user:"?[0-9a-f]{8}-' then  -- nearly all: a page of the log asks thirty times
    return audience;
  end if;
  for whom in
    select m.found[1] as term, u.name
    from regexp_matches(audience, '(user:"?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"?)', 'g') m (found)
    join campana.users u on u.tenant_id = tenant and u.id = m.found[2]::uuid
  loop
    if whom.term = audience then
      return whom.name;
    end if;
    shown := replace(shown, whom.term, format('user:"%s"', whom.name));
  end loop;
  return shown;
end;
$$;

-- An event that was set aside goes back to the end of the queue, as it was; what had been written of a huge
-- audience is not written again. outcome: 'done', or 'before' when somebody has tried it again already; no
-- row when there is no such event.
drop function if exists campana.try_again(uuid, uuid);
create function campana.try_again(tenant uuid, event uuid) returns table (outcome text, type text, reason text)
language plpgsql volatile security definer rows 1 set search_path = campana, pg_temp as $$
#variable_conflict use_column
declare
  kept campana.poison;
begin
  delete from campana.poison p
  where p.tenant_id = tenant and p.event_id = event and tenant = campana.current_tenant()
  returning p.* into kept;
  if kept.event_id is null then
    return query select 'before', null, null where campana.was_tried_again(tenant, event);
    return;
  end if;
  insert into campana.outbox (
    tenant_id, event_id, type, lasting, audience, rule, title, message, data, priority, variant, url, actions, actor,
    subject, collapse_key, expires_at, published_at, progress)
  select tenant, event, b.type, b.lasting, b.audience, b.rule, b.title, b.message, b.data, b.priority, b.variant, b.url, b.actions,
    b.actor, b.subject, b.collapse_key, b.expires_at, b.published_at, b.progress
  from jsonb_populate_record(null::campana.outbox, kept.body) b;
  perform campana.wake_a_dispatcher();
  return query select 'done', kept.type, kept.reason;
end;
$$;

-- One that is not wanted any more; as campana.try_again() answers.
drop function if exists campana.discard(uuid, uuid);
create function campana.discard(tenant uuid, event uuid) returns table (outcome text, type text, reason text)
language plpgsql volatile security definer rows 1 set search_path = campana, pg_temp as $$
#variable_conflict use_column
begin
  return query
    with gone as (
      delete from campana.poison p
      where p.tenant_id = tenant and p.event_id = event and tenant = campana.current_tenant()
      returning p.type, p.reason
    )
    select 'done', g.type, g.reason from gone g
    union all
    select 'before', null, null where not exists (select from gone) and campana.was_tried_again(tenant, event);
end;
$$;

-- Whether the event waits in the queue of the caller's tenant, or has left it. Called by the two above, with their rights.
create or replace function campana.was_tried_again(tenant uuid, event uuid) returns boolean
language sql stable as $$
  select tenant = campana.current_tenant() and (
    exists (select from campana.outbox o where o.tenant_id = tenant and o.event_id = event)
    or exists (select from campana.event e where e.tenant_id = tenant and e.id = event));
$$;
