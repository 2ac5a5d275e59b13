-- A page is looked at: what is new on it counts from here, on all devices of its reader.

-- Returns the signal that tells them; null when this page had been seen up to here already. A
-- visit never goes back: of two at once the one that saw more stays.
create or replace function campana.visit_page(tenant uuid, reader uuid, looked_at text) returns bigint
language plpgsql volatile as $$
declare
  signal_id bigint;
begin
  insert into campana.visit as v (tenant_id, user_id, page, seq)
  select tenant, reader, looked_at, h.seq
  from campana.inbox_head h
  where h.tenant_id = tenant and h.user_id = reader and h.seq > 0
  on conflict (tenant_id, user_id, page) do update set seq = excluded.seq
    where v.seq < excluded.seq;
  if found then
    insert into campana.signal (tenant_id, name, user_id, payload)
    values (tenant, 'visited', reader, jsonb_build_object('page', looked_at))
    returning id into signal_id;
  end if;
  return signal_id;
end;
$$;
