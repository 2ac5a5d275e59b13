-- Rate limits, shared by all processes: windows of a minute that begin with what is counted first.
-- One statement each, with exact counts: the row is locked by whoever counts. As campana.publish_at_once()
-- they enter the tenant by themselves.

-- Counts one client event; `used` above `most` means refused. The first refused one shuts the user out
-- until the window ends, the tenth tells the administrators, once.
drop function if exists campana.count_client_event(uuid, uuid, integer);
create function campana.count_client_event(tenant uuid, who uuid, most integer)
returns table (used integer, seconds double precision)
language plpgsql volatile rows 1 as $$
#variable_conflict use_column
declare
  at timestamptz := clock_timestamp();
begin
  perform set_config('app.tenant_id', tenant::text, true);
  insert into campana.client_event as e (tenant_id, user_id, ends_at, used, is_over)
  values (tenant, who, at + interval '1 minute', 1, most < 1)
  on conflict (tenant_id, user_id) do update
  set ends_at = case when e.ends_at > at then e.ends_at else excluded.ends_at end,
    used = case when e.ends_at > at then least(e.used, 1000000000) + 1 else 1 end,
    is_over = e.ends_at > at and e.used >= most or most < 1
  returning e.used, extract(epoch from e.ends_at - at) into used, seconds;
  if used = most + 10 then
    perform campana.tell_of_abuse(tenant, who, most);
  end if;
  return next;
end;
$$;

-- system:alert to the administrators of the tenant.
create or replace function campana.tell_of_abuse(tenant uuid, who uuid, most integer) returns void
language plpgsql volatile as $$
declare
  administrators text;
begin
  administrators := campana.administrators(tenant);
  if administrators is null then
    return;
  end if;
  perform public.publish_event(
    tenant => tenant::text, type => 'system:alert', audience => administrators,
    data => (
      select jsonb_build_object('alert', 'too_many_client_events', 'userId', u.id, 'name', u.name, 'most', most)
      from campana.users u where u.tenant_id = tenant and u.id = who));
end;
$$;

-- How many events to hand out of those left: what is needed at least, or nothing; in plenty a sixteenth of
-- them, so that one statement serves many requests, and near the end the last one goes where it is wanted.
create or replace function campana.portion(need integer, available integer) returns integer
language sql immutable as $$
  select case when need > available then 0 else greatest(need, available / 16) end;
$$;

-- A portion of the events that `publisher` may publish in this window, to be spent by the caller's process;
-- with what is left for others, and until when.
drop function if exists campana.take_portion(uuid, text, integer, integer);
create function campana.take_portion(tenant uuid, publisher text, need integer, most integer)
returns table (portion integer, available integer, seconds double precision)
language plpgsql volatile rows 1 as $$
#variable_conflict use_column
declare
  at timestamptz := clock_timestamp();
begin
  perform set_config('app.tenant_id', tenant::text, true);
  return query
    insert into campana.publishing as p (tenant_id, publisher, ends_at, used, portion)
    values (tenant, take_portion.publisher, at + interval '1 minute',
      campana.portion(need, most), campana.portion(need, most))
    on conflict (tenant_id, publisher) do update
    set ends_at = case when p.ends_at > at then p.ends_at else excluded.ends_at end,
      used = case when p.ends_at > at then p.used + campana.portion(need, most - p.used) else excluded.used end,
      portion = case when p.ends_at > at then campana.portion(need, most - p.used) else excluded.portion end
    returning p.portion, greatest(most - p.used, 0), extract(epoch from p.ends_at - at)::double precision;
end;
$$;
