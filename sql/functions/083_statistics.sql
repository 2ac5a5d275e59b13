-- Statistics: added up by processes, read by administrators, watched by the clock. Nothing here looks at history.

-- Milliseconds; latency[n] counts events of at most bounds[n], the last one those beyond.
create or replace function campana.latency_bounds() returns integer[]
language sql immutable as $$
  select array[2, 5, 10, 15, 20, 30, 50, 75, 100, 150, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000];
$$;

create or replace function campana.added(one integer[], other integer[]) returns integer[]
language sql immutable as $$
  select case when one is null then other when other is null then one else array(
    select coalesce(a.n, 0) + coalesce(b.n, 0)
    from unnest(one) with ordinality a (n, place)
    full join unnest(other) with ordinality b (n, place) using (place)
    order by place) end;
$$;

create or replace aggregate campana.sum_of(integer[]) (sfunc = campana.added, stype = integer[]);
-- 900_rights.sql looks after functions, not after aggregates.
revoke all on function campana.sum_of(integer[]) from public;
grant execute on function campana.sum_of(integer[]) to campana_web, campana_bus, campana_auth;

-- The latency that this share (0–1) of events did not exceed, in milliseconds: as if they were spread evenly
-- between two bounds. Null without events.
create or replace function campana.latency_of(counts integer[], share double precision) returns integer
language sql immutable as $$
  select case when l.upto is null then l.beyond
    else round(l.below + (l.upto - l.below) * (total * share - (l.sum - l.n)) / l.n)::integer end
  from (
    select c.n, sum(c.n) over (order by c.place) as sum, sum(c.n) over () as total, c.place,
      bounds[c.place::integer] as upto, coalesce(bounds[c.place::integer - 1], 0) as below, bounds[cardinality(bounds)] as beyond
    from unnest(counts) with ordinality c (n, place), campana.latency_bounds() bounds
  ) l
  where l.n > 0 and l.sum >= l.total * share
  order by l.place
  limit 1;
$$;

-- What processes have counted; rows in the order of their keys, so that two of them never wait in a circle.
create or replace function campana.count_up(cells jsonb, types jsonb) returns void
language plpgsql volatile as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into campana.statistic as s (
    tenant_id, span, at, events, notifications, latency, opened, reopened, requests, errors)
  select c.tenant_id, c.span, c.at, c.events, c.notifications, c.latency, c.opened, c.reopened, c.requests, c.errors
  from jsonb_to_recordset(cells) c (
    tenant_id uuid, span text, at timestamptz, events integer, notifications integer, latency integer[],
    opened integer, reopened integer, requests integer, errors integer)
  order by c.tenant_id, c.span, c.at
  on conflict (tenant_id, span, at) do update
  set events = s.events + excluded.events, notifications = s.notifications + excluded.notifications,
    latency = campana.added(s.latency, excluded.latency), opened = s.opened + excluded.opened,
    reopened = s.reopened + excluded.reopened, requests = s.requests + excluded.requests,
    errors = s.errors + excluded.errors;
  insert into campana.statistic_of_type as s (tenant_id, at, type, events, notifications)
  select c.tenant_id, c.at, c.type, c.events, c.notifications
  from jsonb_to_recordset(types) c (tenant_id uuid, at timestamptz, type text, events integer, notifications integer)
  order by c.tenant_id, c.at, c.type
  on conflict (tenant_id, at, type) do update
  set events = s.events + excluded.events, notifications = s.notifications + excluded.notifications;
end;
$$;

-- How many were given each of these events, chunks that were written by then.
create or replace function campana.count_recipients(tenants uuid[], events uuid[]) returns table (event_id uuid, recipients integer)
language sql stable rows 100 as $$
  select w.event_id, r.recipients
  from unnest(tenants, events) w (tenant_id, event_id)
  cross join lateral (
    select sum(cardinality(r.user_ids))::integer as recipients
    from campana.event_recipients r
    where r.tenant_id = w.tenant_id and r.event_id = w.event_id offset 0
  ) r;
$$;

-- How things stand with tenants where something happened in the last five minutes: what may raise an alert.
-- A figure of too little is null: one lost connection of two is no storm.
create or replace function campana.figures(now timestamptz)
returns table (tenant_id uuid, kind text, value integer, bound integer)
language sql stable rows 100 as $$
  with open as (
    select c.tenant_id, count(*)::integer as connections
    from campana.connection c
    join campana.process p on p.id = c.process_id
    where p.beat > now - interval '10 seconds'
    group by c.tenant_id
  ),
  lately as (
    select s.tenant_id, sum(s.events) as events, campana.sum_of(s.latency) as latency, sum(s.opened) as opened,
      greatest(sum(s.reopened), 0) as reopened, sum(s.requests) as requests, sum(s.errors) as errors
    from campana.tenant t
    cross join lateral (
      select * from campana.statistic s
      where s.tenant_id = t.id and s.span = 'minute' and s.at > now - interval '5 minutes' and s.at <= now offset 0
    ) s
    where t.active
    group by s.tenant_id
  )
  select t.tenant_id, f.kind, f.value, f.bound
  from campana.tenant_settings t
  left join open o on o.tenant_id = t.tenant_id
  left join lately l on l.tenant_id = t.tenant_id
  cross join lateral (values
    ('connections', coalesce(o.connections, 0), t.most_connections),
    ('latency', case when l.events >= 10 then campana.latency_of(l.latency, 0.95) end, t.most_latency),
    ('errors', case when l.errors >= 3 then (100 * l.errors / l.requests)::integer end, t.most_errors),
    ('reconnections', case when l.reopened >= 5
      then least(100, 100 * l.reopened / greatest(o.connections, l.opened, 1))::integer end, t.most_reconnections)
  ) f (kind, value, bound)
  where o.tenant_id is not null or l.tenant_id is not null
    or exists (select from campana.alert a where a.tenant_id = t.tenant_id);
$$;

-- Counts who is connected, and tells administrators once when something goes out of bounds; it is well again
-- below four fifths of the bound. By one process at a time; how many alerts were raised.
create or replace function campana.watch(now timestamptz default clock_timestamp()) returns integer
language plpgsql volatile as $$
declare
  raised integer := 0;
  one record;
begin
  if not pg_try_advisory_xact_lock(hashtext('campana.watch')) then
    return 0;
  end if;
  insert into campana.statistic as s (tenant_id, span, at, connections)
  select c.tenant_id, k.span, date_trunc(k.span, now, 'UTC'), count(*)
  from campana.connection c
  join campana.process p on p.id = c.process_id and p.beat > now - interval '10 seconds'
  cross join (values ('minute'), ('hour')) k (span)
  group by c.tenant_id, k.span
  order by c.tenant_id, k.span
  on conflict (tenant_id, span, at) do update set connections = greatest(s.connections, excluded.connections);

  delete from campana.alert a using campana.figures(now) f
  where a.tenant_id = f.tenant_id and a.kind = f.kind and coalesce(f.value, 0) < 0.8 * f.bound;
  for one in
    with new as (
      insert into campana.alert (tenant_id, kind, value, bound, raised_at)
      select f.tenant_id, f.kind, f.value, f.bound, now from campana.figures(now) f where f.value > f.bound
      on conflict do nothing
      returning *
    )
    select n.*, campana.administrators(n.tenant_id) as administrators
    from new n
  loop
    continue when one.administrators is null;
    perform public.publish_event(
      tenant => one.tenant_id::text, type => 'system:alert', audience => one.administrators, url => '/admin/statistics',
      data => jsonb_build_object('alert', one.kind, 'value', one.value, 'bound', one.bound),
      dedupe_key => 'alert:' || one.kind || ':' || extract(epoch from one.raised_at)::bigint);
    raised := raised + 1;
  end loop;
  return raised;
end;
$$;
