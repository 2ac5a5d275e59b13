-- What is older than its tenant keeps goes, a little at a time: first notifications, inbox by inbox, then events of
-- which none is left, then records. Every step is a transaction that ends after about 10 ms; how far the purge
-- has come is in campana.retention, written with the step: a crash loses a step, and any process does the next.

-- The types that a tenant keeps shorter or longer than the rest, each with what was dispatched before it goes.
create or replace function campana.cutoffs_of_types(tenant uuid) returns jsonb
language sql stable as $$
  select coalesce(jsonb_object_agg(y.name, clock_timestamp() - make_interval(days => y.retention_days)), '{}')
  from campana.tenant_type y
  where y.tenant_id = tenant and y.retention_days is not null;
$$;

-- Begins a purge, unless one is under way or, without `force`, the last one ended less than an hour ago. What the
-- tenant keeps is decided now, once for the whole purge. True: there are steps to do.
create or replace function campana.begin_purge(tenant uuid, force boolean) returns boolean
language plpgsql volatile as $$
begin
  insert into campana.retention (tenant_id) values (tenant) on conflict do nothing;
  update campana.retention r
  set stage = 'inboxes', cutoff = clock_timestamp() - make_interval(days => s.retention_days),
    kinds = campana.cutoffs_of_types(tenant),
    keep_unread = s.keep_unread, at_user = null, at_seq = 0, at_event = null, notifications = 0, events = 0,
    began_at = clock_timestamp(), ended_at = null
  from campana.tenant_settings s
  where r.tenant_id = tenant and s.tenant_id = tenant and r.stage = 'done'
    and (force or r.ended_at is null or r.ended_at < clock_timestamp() - interval '1 hour');
  update campana.retention r
  set latest = greatest(r.cutoff, (select max(k.value::timestamptz) from jsonb_each_text(r.kinds) k))
  where r.tenant_id = tenant;
  return exists (select from campana.retention r where r.tenant_id = tenant and r.stage <> 'done');
end;
$$;

-- One step. stage: where the purge stands afterwards; null when somebody else is at it, or writes for the tenant:
-- try again. user_ids: whose lists are shorter now.
create or replace function campana.purge_step(
  tenant uuid, patience interval default '10 ms',
  out stage text, out notifications bigint, out events bigint, out user_ids uuid[])
language plpgsql volatile as $$
#variable_conflict use_column
<<fn>>
declare
  r campana.retention;
  seen record;
  stop_at timestamptz := clock_timestamp() + patience;
begin
  perform set_config('synchronous_commit', 'off', true);
  select * into r from campana.retention t where t.tenant_id = tenant for update skip locked;
  if r.stage = 'inboxes' then
    -- the right to lock many heads; the dispatcher's next round waits for this step
    perform from campana.tenant_turn t where t.tenant_id = tenant for update skip locked;
    if not found then
      return;
    end if;
    select * into seen from campana.purge_inboxes(r, stop_at);
    r := seen.r;
    user_ids := seen.user_ids;
  elsif r.stage = 'events' then
    r := campana.purge_events(r);
  elsif r.stage = 'records' then
    r := campana.purge_records(r);
  end if;
  update campana.retention t
  set stage = r.stage, at_user = r.at_user, at_seq = r.at_seq, at_event = r.at_event,
    notifications = r.notifications, events = r.events,
    ended_at = case when r.stage = 'done' then coalesce(t.ended_at, clock_timestamp()) end
  where t.tenant_id = r.tenant_id;
  stage := r.stage;
  notifications := r.notifications;
  events := r.events;
end;
$$;

-- Inboxes in the order of their readers, until time is up: a thousand heads are looked at at once, and only those
-- whose oldest notification is old are locked.
drop function if exists campana.purge_inboxes(campana.retention, timestamptz);
create or replace function campana.purge_inboxes(
  inout r campana.retention, stop_at timestamptz, out user_ids uuid[])
language plpgsql volatile as $$
declare
  heads  uuid[];
  reader uuid;
  after  bigint;
  change record;
begin
  user_ids := '{}';
  heads := array(
    select h.user_id from campana.inbox_head h
    where h.tenant_id = r.tenant_id
      and h.user_id >= coalesce(r.at_user, '00000000-0000-0000-0000-000000000000')
    order by h.user_id
    limit 1000
  );
  for reader in
    select h.user_id
    from unnest(heads) h (user_id)
    cross join lateral campana.oldest(r.tenant_id, h.user_id, case when h.user_id = r.at_user then r.at_seq else 0 end, 1) o
    where o.dispatched_at < r.latest
    order by h.user_id
  loop
    if clock_timestamp() > stop_at then
      r.at_seq := case when r.at_user = reader then r.at_seq else 0 end;
      r.at_user := reader;
      return;
    end if;
    after := case when r.at_user = reader then r.at_seq else 0 end;
    loop
      select * into change from campana.purge_inbox(r, reader, after);
      r.notifications := r.notifications + change.gone;
      if change.was_visible and reader <> all (user_ids) then
        user_ids := user_ids || reader;
      end if;
      after := change.looked_to;
      r.at_user := reader;
      r.at_seq := after;
      exit when not change.more;
      if clock_timestamp() > stop_at then
        return;  -- the rest of a long inbox: others wait for this head meanwhile
      end if;
    end loop;
  end loop;
  r.at_user := heads[cardinality(heads)];
  r.at_seq := 9223372036854775807;
  if cardinality(heads) < 1000 then
    r.stage := 'events';
  end if;
end;
$$;

-- The oldest rows of an inbox above `after`, with type and the moment their words were dispatched.
drop function if exists campana.oldest(uuid, uuid, bigint, integer);
create or replace function campana.oldest(tenant uuid, reader uuid, after bigint, at_most integer)
returns table (
  id uuid, seq bigint, event_id uuid, state smallint, read_at timestamptz, dispatched_at timestamptz, type text)
language sql stable rows 100 as $$
  select i.id, i.seq, i.event_id, i.state, i.read_at, coalesce(e.dispatched_at, '-infinity'), e.type
  from (
    select * from campana.inbox i
    where i.tenant_id = tenant and i.user_id = reader and i.seq > after
    order by i.seq
    limit at_most
  ) i
  left join lateral (
    select e.dispatched_at, e.type from campana.event e where e.tenant_id = tenant and e.id = i.event_id offset 0
  ) e on true;
$$;

-- At most 500 of the oldest rows of one inbox: head first, then, in a later statement, what it holds. Rows are as old
-- as their seq, so the first one that is young ends the look. Unread ones stay where the tenant wants it, snoozed ones
-- always, and those of a type that is kept longer; `looked_to` is where to go on if there is `more`. By key, whatever
-- the statistics say: a long inbox must not be read through for 500 rows.
create or replace function campana.purge_inbox(
  r campana.retention, reader uuid, after bigint,
  out gone bigint, out was_visible boolean, out looked_to bigint, out more boolean)
language plpgsql volatile set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
#variable_conflict use_variable
declare
  no_longer_unread bigint;
  last bigint;
begin
  perform campana.lock_inbox(r.tenant_id, reader);
  with looked as materialized (
    select o.*, o.state = 1 or (r.keep_unread and o.state = 0 and o.read_at is null)
      or o.dispatched_at >= coalesce((r.kinds ->> o.type)::timestamptz, r.cutoff) as stays
    from campana.oldest(r.tenant_id, reader, after, 500) o
  ),
  old as materialized (
    select l.* from looked l
    where l.seq < coalesce((select min(y.seq) from looked y where y.dispatched_at >= r.latest), l.seq + 1)
  ),
  deleted as (
    delete from campana.inbox i using old o
    where i.tenant_id = r.tenant_id and i.user_id = reader and i.seq = o.seq and not o.stays
    returning i.seq, i.state, i.read_at
  ),
  forgotten as (
    delete from campana.expiring x using old o
    where x.tenant_id = r.tenant_id and x.user_id = reader and x.seq = o.seq and not o.stays
  ),
  noted as (
    insert into campana.kept_event (tenant_id, event_id)
    select distinct r.tenant_id, k.event_id
    from old o cross join lateral (values (o.event_id), (o.id)) k (event_id)
    where o.stays
    order by k.event_id
    on conflict do nothing
  )
  select count(*), coalesce(bool_or(d.state = 0), false), count(*) filter (where d.state = 0 and d.read_at is null),
    max(d.seq), (select coalesce(max(o.seq), after) from old o), (select count(*) = 500 from old)
  into gone, was_visible, no_longer_unread, last, looked_to, more
  from deleted d;
  update campana.inbox_head h
  set unread = h.unread - no_longer_unread, rev = h.rev + was_visible::integer, floor = greatest(h.floor, last)
  where h.tenant_id = r.tenant_id and h.user_id = reader and gone > 0;
end;
$$;

-- Old events of which no notification is left, in the order of their ids, which is that of publishing; what was
-- scheduled may be younger than its id. Not what is still being written, nor an announcement that was changed since.
create or replace function campana.purge_events(r campana.retention) returns campana.retention
language plpgsql volatile set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
  looked uuid[];
  old    uuid[];
  pieces integer;
begin
  select coalesce(array_agg(c.id order by c.id), '{}'), coalesce(array_agg(c.id) filter (where c.is_old), '{}')
  into looked, old
  from (
    select e.id, e.dispatched_at < coalesce((r.kinds ->> e.type)::timestamptz, r.cutoff)
      and not exists (select from campana.kept_event k where k.tenant_id = r.tenant_id and k.event_id = e.id)
      and not exists (
        select from campana.announcement a
        where a.tenant_id = r.tenant_id and a.id = e.id and (a.change is not null or a.corrected_at >= r.cutoff))
      and e.id is distinct from (
        select o.event_id from campana.outbox o where o.tenant_id = r.tenant_id order by o.id limit 1) as is_old
    from campana.event e
    where e.tenant_id = r.tenant_id and e.id < campana.uuid7_at(r.latest)
      and e.id > coalesce(r.at_event, '00000000-0000-0000-0000-000000000000')
    order by e.id
    limit 200
  ) c;
  delete from campana.event_recipients p
  using (
    select p.event_id, p.first_user from campana.event_recipients p
    where p.tenant_id = r.tenant_id and p.event_id = any (old)
    limit 1000
  ) d
  where p.tenant_id = r.tenant_id and p.event_id = d.event_id and p.first_user = d.first_user;
  get diagnostics pieces = row_count;
  if pieces < 1000 then
    delete from campana.event_words w where w.tenant_id = r.tenant_id and w.event_id = any (old);
    delete from campana.event e where e.tenant_id = r.tenant_id and e.id = any (old);
    r.events := r.events + cardinality(old);
    r.at_event := looked[cardinality(looked)];
    if cardinality(looked) < 200 then
      r.stage := 'records';
    end if;
  end if;
  return r;
end;
$$;

-- How long records outlive what they are about: an event may be scheduled for 400 days, and its dedupe key must
-- still be known a retention later, so that nothing old rings again.
create or replace function campana.kept_since(record text, cutoff timestamptz) returns timestamptz
language sql stable as $$
  select case record
    when 'poison' then least(cutoff, clock_timestamp() - interval '30 days')
    when 'audit' then least(cutoff, clock_timestamp() - interval '730 days')
    when 'dedupe' then cutoff - interval '400 days'
  end;
$$;

-- What is left of a purge, and records past their time; at most 2,000 of each at a time.
create or replace function campana.purge_records(r campana.retention) returns campana.retention
language plpgsql volatile as $$
declare
  gone integer;
  earliest constant timestamptz := least(r.cutoff, (select min(k.value::timestamptz) from jsonb_each_text(r.kinds) k));
begin
  with kept as (
    delete from campana.kept_event k using (
      select event_id from campana.kept_event where tenant_id = r.tenant_id limit 2000) d
    where k.tenant_id = r.tenant_id and k.event_id = d.event_id returning 1
  ),
  poison as (
    delete from campana.poison p where p.tenant_id = r.tenant_id and p.event_id in (
      select event_id from campana.poison
      where tenant_id = r.tenant_id and at < campana.kept_since('poison', r.cutoff) limit 2000) returning 1
  ),
  audit as (
    delete from campana.audit a where a.tenant_id = r.tenant_id and a.id in (
      select id from campana.audit where tenant_id = r.tenant_id and id <= (
        -- ids follow time: the first young row ends the look
        select coalesce(min(y.id) - 1, 9223372036854775807) from (
          select id, at from campana.audit where tenant_id = r.tenant_id order by id limit 2001) y
        where y.at >= campana.kept_since('audit', r.cutoff)) order by id limit 2000) returning 1
  ),
  dedupe as (
    delete from campana.dedupe d where d.tenant_id = r.tenant_id and d.key in (
      select key from campana.dedupe
      where created_at < campana.kept_since('dedupe', earliest) and tenant_id = r.tenant_id limit 2000) returning 1
  )
  select greatest((select count(*) from kept), (select count(*) from poison), (select count(*) from audit),
    (select count(*) from dedupe)) into gone;
  if gone < 2000 then
    r.stage := 'done';
  end if;
  return r;
end;
$$;

-- What a purge would take away now.
create or replace function campana.purge_preview(tenant uuid, out notifications bigint, out events bigint)
language sql stable as $$
  with policy as (
    select s.keep_unread, clock_timestamp() - make_interval(days => s.retention_days) as cutoff,
      campana.cutoffs_of_types(tenant) as kinds
    from campana.tenant_settings s where s.tenant_id = tenant
  ),
  old as materialized (
    select e.id from campana.event e, policy p
    where e.tenant_id = tenant and e.dispatched_at < coalesce((p.kinds ->> e.type)::timestamptz, p.cutoff)
  ),
  held as (
    select i.event_id, i.state = 1 or (p.keep_unread and i.state = 0 and i.read_at is null) as stays
    from campana.inbox i join old o on o.id = i.event_id, policy p
    where i.tenant_id = tenant
  )
  select (select count(*) from held where not stays),
    (select count(*) from old) - (select count(distinct event_id) from held where stays);
$$;
