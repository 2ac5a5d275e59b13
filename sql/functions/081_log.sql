-- The log of events: read by administrators along the primary key of campana.event, never as a whole.

-- The least UUIDv7 of a moment: ids of later events are greater.
create or replace function campana.uuid_at(moment timestamptz) returns uuid
language sql immutable as $$
  select (lpad(to_hex(greatest(0, extract(epoch from moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
$$;

-- Whom this audience names now, of one person: the reason, null when it does not. is_known: false when it
-- cannot be told any more, because it speaks of a role, branch or user that is gone; then `reason` says so.
create or replace function campana.reason_now(tenant uuid, audience text, who uuid, out is_known boolean, out reason text)
language plpgsql stable as $$
begin
  is_known := true;
  select m.reason into reason
  from campana.audience_members(tenant, campana.parse_audience(tenant, audience), array[who]) m;
exception when sqlstate 'CA003' or sqlstate 'CA004' then
  is_known := false;
  reason := sqlerrm;
end;
$$;

-- An event that was set aside goes back to the end of the queue, as it was; false: there is none (any more).
-- What had been written of a huge audience is not written again.
create or replace function campana.try_again(tenant uuid, event uuid) returns boolean
language plpgsql volatile security definer set search_path = campana, pg_temp as $$
declare
  kept jsonb;
begin
  delete from campana.poison p
  where p.tenant_id = tenant and p.event_id = event and tenant = campana.current_tenant()
  returning p.body into kept;
  if kept is null then
    return false;
  end if;
  insert into campana.outbox (
    tenant_id, event_id, type, lasting, audience, rule, title, message, data, priority, variant, url, actions, actor,
    subject, collapse_key, expires_at, published_at, progress)
  select tenant, event, b.type, b.lasting, b.audience, b.rule, b.title, b.message, b.data, b.priority, b.variant, b.url, b.actions,
    b.actor, b.subject, b.collapse_key, b.expires_at, b.published_at, b.progress
  from jsonb_populate_record(null::campana.outbox, kept) b;
  perform campana.wake_a_dispatcher();
  return true;
end;
$$;

-- One that is not wanted any more; false: there is none.
create or replace function campana.discard(tenant uuid, event uuid) returns boolean
language plpgsql volatile security definer set search_path = campana, pg_temp as $$
begin
  delete from campana.poison p
  where p.tenant_id = tenant and p.event_id = event and tenant = campana.current_tenant();
  return found;
end;
$$;
