-- The HTTP door's short way: tenant and events in one statement, where a transaction around them
-- would cost three more round trips. Each event by itself: what is refused leaves the others alone.

create or replace function campana.publish_at_once(tenant uuid, events jsonb)
returns table (ord integer, id uuid, code text, message text, field text, hint text)
language plpgsql volatile as $$
begin
  perform set_config('app.tenant_id', tenant::text, true), set_config('app.user_id', '', true);
  return query
    select b.ord, b.id, b.code, b.message, b.field, b.hint
    from campana.publish_batch(tenant::text, events) b
    order by b.ord;
end;
$$;
