-- What readers do with their inbox. Every change is one call: it locks the head, changes rows in
-- a later statement (which therefore sees all that was committed before the lock), applies the
-- returned difference to the badge, raises rev if anything changed, and leaves a signal for the
-- reader's other devices. They run with the caller's rights: row-level security holds here too.

-- Where a reader's notifications are: the only place that leads from a public id to a row. A row
-- that was moved has an index of its own; all others are where event_recipients says that they
-- were written. No row for what is not in this inbox.
create or replace function campana.place_of(tenant uuid, reader uuid, ids uuid[])
returns table (id uuid, seq bigint)
language sql stable rows 10 as $$
  select i.id, i.seq
  from unnest(ids) wanted
  left join lateral (
    select m.seq
    from campana.inbox m
    where m.user_id = reader and m.id = wanted and m.moved and m.tenant_id = tenant
    offset 0
  ) moved on true
  left join lateral (
    select r.seqs[array_position(r.user_ids, reader)] as seq
    from campana.event_recipients r
    where r.tenant_id = tenant and r.event_id = wanted and r.first_user <= reader
    order by r.first_user desc
    limit 1
  ) written on moved.seq is null
  join campana.inbox i
    on i.tenant_id = tenant and i.user_id = reader and i.seq = coalesce(moved.seq, written.seq)
      and i.id = wanted;
$$;

-- Locks the reader's head.
create or replace function campana.lock_inbox(tenant uuid, reader uuid) returns campana.inbox_head
language plpgsql volatile as $$
declare
  head campana.inbox_head;
begin
  select * into head from campana.inbox_head h
  where h.tenant_id = tenant and h.user_id = reader
  for update;
  return head;
end;
$$;

-- The seqs of these ids, once the head is locked (rows may move until then). Raises CA009 unless
-- every id is in this inbox, in whatever state.
create or replace function campana.find_seqs(tenant uuid, reader uuid, ids uuid[]) returns bigint[]
language plpgsql volatile as $$
declare
  seqs bigint[] := array(select p.seq from campana.place_of(tenant, reader, ids) p);
begin
  if cardinality(seqs) <> cardinality(ids) then
    perform campana.refuse('CA009', 'id', 'There is no such notification.', 'Use an id from your own list.');
  end if;
  return seqs;
end;
$$;

-- Seqs as the changes of many take them.
create or replace function campana.one_by_one(seqs bigint[]) returns int8multirange
language sql immutable as $$
  select range_agg(int8range(s.seq, s.seq, '[]')) from unnest(seqs) s (seq);
$$;

-- The end of every change: badge, rev, read_floor and signal. `touched` rows changed, `difference`
-- unread more, and nothing up to `read_to` is visible and unread (null: as before).
create or replace function campana.settle_inbox(
  tenant uuid, reader uuid, touched integer, difference integer, read_to bigint, signal text, payload jsonb,
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
#variable_conflict use_column
begin
  changed := touched;
  if touched = 0 then
    update campana.inbox_head h set read_floor = read_to
    where h.tenant_id = tenant and h.user_id = reader and h.read_floor <> read_to;
    select coalesce(max(h.unread), 0), coalesce(max(h.rev), 0) into unread, rev
    from campana.inbox_head h
    where h.tenant_id = tenant and h.user_id = reader;
    return;
  end if;
  update campana.inbox_head h
  set unread = h.unread + difference, rev = h.rev + 1,
    read_floor = case when h.unread + difference = 0 then h.seq else coalesce(read_to, h.read_floor) end
  where h.tenant_id = tenant and h.user_id = reader
  returning h.unread, h.rev into unread, rev;
  insert into campana.signal (tenant_id, name, user_id, payload)
  values (tenant, signal, reader, payload || jsonb_build_object('rev', rev))
  returning id into signal_id;
end;
$$;

create or replace function campana.read_notifications(
  tenant uuid, reader uuid, ids uuid[],
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  seqs bigint[];
  touched uuid[];
  visible integer;
begin
  perform campana.lock_inbox(tenant, reader);
  seqs := campana.find_seqs(tenant, reader, ids);
  with changed as (
    update campana.inbox i set read_at = clock_timestamp()
    where i.tenant_id = tenant and i.user_id = reader and i.seq = any (seqs)
      and i.read_at is null and i.state in (0, 1)
    returning i.id, i.state
  )
  select coalesce(array_agg(c.id), '{}'), count(*) filter (where c.state = 0) into touched, visible
  from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, cardinality(touched), -visible, null, 'read',
    jsonb_build_object('ids', touched)) s;
end;
$$;

create or replace function campana.unread_notifications(
  tenant uuid, reader uuid, ids uuid[],
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  seqs bigint[];
begin
  perform campana.lock_inbox(tenant, reader);
  seqs := campana.find_seqs(tenant, reader, ids);
  select u.* into unread, rev, changed, signal_id
  from campana.unread_all_notifications(tenant, reader, campana.one_by_one(seqs)) u;
end;
$$;

create or replace function campana.delete_notifications(
  tenant uuid, reader uuid, ids uuid[],
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  seqs bigint[];
  touched uuid[];
  counted integer;
begin
  perform campana.lock_inbox(tenant, reader);
  seqs := campana.find_seqs(tenant, reader, ids);
  with old as (
    select i.seq, i.id, i.state, i.read_at from campana.inbox i
    where i.tenant_id = tenant and i.user_id = reader and i.seq = any (seqs) and i.state in (0, 1)
  ),
  changed as (
    update campana.inbox i set state = 2 from old
    where i.tenant_id = tenant and i.user_id = reader and i.seq = old.seq
    returning i.id, old.state = 0 and old.read_at is null as was_counted
  )
  select coalesce(array_agg(c.id), '{}'), count(*) filter (where c.was_counted) into touched, counted
  from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, cardinality(touched), -counted, null, 'deleted',
    jsonb_build_object('ids', touched)) s;
end;
$$;

create or replace function campana.restore_notifications(
  tenant uuid, reader uuid, ids uuid[],
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  seqs bigint[];
begin
  perform campana.lock_inbox(tenant, reader);
  seqs := campana.find_seqs(tenant, reader, ids);
  select r.* into unread, rev, changed, signal_id
  from campana.restore_all_notifications(tenant, reader, campana.one_by_one(seqs)) r;
end;
$$;

-- The seq up to which a reader means "all": what the reader saw, or null for everything until now.
create or replace function campana.check_up_to(head campana.inbox_head, up_to bigint) returns bigint
language plpgsql immutable as $$
begin
  if up_to > coalesce(head.seq, 0) or up_to < 0 then
    perform campana.refuse('CA005', 'upTo', 'upTo is no seq that this inbox has reached.',
      'Send the seq of the newest notification you have seen.');
  end if;
  return coalesce(up_to, head.seq, 0);
end;
$$;

-- What a change of all did, so that exactly that can be taken back: its seqs as ranges, few enough to be carried
-- in a form; null where they are too scattered.
drop function if exists campana.to_take_back(int8multirange);
create or replace function campana.to_take_back(seqs bigint[]) returns text
language sql immutable as $$
  with pieces as (
    select min(placed.seq) as first, max(placed.seq) as last
    from (select s.seq, s.seq - row_number() over (order by s.seq) as piece from unnest(seqs) s (seq)) placed
    group by placed.piece
    limit 501
  )
  select range_agg(int8range(p.first, p.last, '[]'))::text
  from pieces p
  having count(*) between 1 and 500;
$$;

drop function if exists campana.read_all_notifications(uuid, uuid, bigint);
create function campana.read_all_notifications(
  tenant uuid, reader uuid, up_to bigint,
  out unread integer, out rev bigint, out changed integer, out signal_id bigint, out seqs text)
language plpgsql volatile as $$
declare
  head campana.inbox_head;
  last bigint;
  touched integer;
begin
  head := campana.lock_inbox(tenant, reader);
  last := campana.check_up_to(head, up_to);
  with changed as (
    update campana.inbox i set read_at = clock_timestamp()
    where i.tenant_id = tenant and i.user_id = reader and i.seq > head.read_floor and i.seq <= last
      and i.state = 0 and i.read_at is null
    returning i.seq
  )
  select count(*), campana.to_take_back(array_agg(c.seq)) into touched, seqs from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, touched, -touched,
    greatest(head.read_floor, last), 'read', jsonb_build_object('upTo', last)) s;
end;
$$;

drop function if exists campana.clear_notifications(uuid, uuid, bigint);
create function campana.clear_notifications(
  tenant uuid, reader uuid, up_to bigint,
  out unread integer, out rev bigint, out changed integer, out signal_id bigint, out seqs text)
language plpgsql volatile as $$
declare
  head campana.inbox_head;
  last bigint;
  touched integer;
  counted integer;
begin
  head := campana.lock_inbox(tenant, reader);
  last := campana.check_up_to(head, up_to);
  with changed as (
    update campana.inbox i set state = 2
    where i.tenant_id = tenant and i.user_id = reader and i.seq <= last and i.state = 0
    returning i.seq, i.read_at
  )
  select count(*), count(*) filter (where c.read_at is null),
    campana.to_take_back(array_agg(c.seq))
  into touched, counted, seqs
  from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, touched, -counted,
    greatest(head.read_floor, last), 'deleted', jsonb_build_object('upTo', last)) s;
end;
$$;

-- Takes reading back: these seqs, as far as they are there and still read.
create or replace function campana.unread_all_notifications(
  tenant uuid, reader uuid, seqs int8multirange,
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  head campana.inbox_head;
  touched integer;
  visible integer;
  lowest bigint;
begin
  head := campana.lock_inbox(tenant, reader);
  with changed as (
    update campana.inbox i set read_at = null
    from unnest(seqs) r
    where i.tenant_id = tenant and i.user_id = reader and i.seq >= lower(r) and i.seq < upper(r)
      and i.read_at is not null and i.state in (0, 1)
    returning i.seq, i.state
  )
  select count(*), count(*) filter (where c.state = 0), min(c.seq) into touched, visible, lowest
  from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, touched, visible,
    least(head.read_floor, lowest - 1), 'resync', '{"scope": "inbox"}') s;
end;
$$;

-- Takes deletion back: these seqs, as far as they are still deleted. What expired meanwhile stays out of sight, as
-- the clock would have it.
create or replace function campana.restore_all_notifications(
  tenant uuid, reader uuid, seqs int8multirange,
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  head campana.inbox_head;
  touched integer;
  counted integer;
  lowest bigint;
begin
  head := campana.lock_inbox(tenant, reader);
  with changed as (
    update campana.inbox i
    set state = case when e.expires_at <= clock_timestamp() then 3 else 0 end
    from unnest(seqs) r, campana.event e
    where i.tenant_id = tenant and i.user_id = reader and i.seq >= lower(r) and i.seq < upper(r) and i.state = 2
      and e.tenant_id = tenant and e.id = i.event_id
    returning i.seq, i.state, i.read_at
  )
  select count(*), count(*) filter (where c.state = 0 and c.read_at is null),
    min(c.seq) filter (where c.state = 0 and c.read_at is null) into touched, counted, lowest
  from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, touched, counted,
    least(head.read_floor, lowest - 1), 'resync', '{"scope": "inbox"}') s;
end;
$$;

-- The newest `span` visible rows below `before`, walking down the primary key and never sorting: whether
-- most rows are read is different for each reader, so no statistics could tell. For unread ones the walk
-- ends when the badge is reached, or at read_floor.
create or replace function campana.newest_notifications(
  tenant uuid, reader uuid, before bigint, only_unread boolean, span integer, skip integer default 0)
returns setof campana.inbox
language plpgsql stable rows 20 set enable_sort = off as $$
declare
  head campana.inbox_head;
begin
  if only_unread then
    select * into head from campana.inbox_head h
    where h.tenant_id = tenant and h.user_id = reader;
    return query
      select * from campana.inbox i
      where i.tenant_id = tenant and i.user_id = reader and i.seq < before and i.seq > head.read_floor
        and i.state = 0 and i.read_at is null
      order by i.seq desc
      limit least(span, greatest(head.unread - skip, 0)) offset skip;
  else
    return query
      select * from campana.inbox i
      where i.tenant_id = tenant and i.user_id = reader and i.seq < before
        and i.state = 0
      order by i.seq desc
      limit span offset skip;
  end if;
end;
$$;

-- The newest `span` deleted rows below `before`.
create or replace function campana.deleted_notifications(tenant uuid, reader uuid, before bigint, span integer)
returns setof campana.inbox
language sql stable rows 20 as $$
  select * from campana.inbox i
  where i.tenant_id = tenant and i.user_id = reader and i.seq < before and i.state = 2
  order by i.seq desc
  limit span;
$$;

-- Whether an audience, as its publisher wrote it, names this person now. What nobody could be any more names nobody.
create or replace function campana.is_named(tenant uuid, reader uuid, audience text) returns boolean
language plpgsql stable as $$
begin
  return exists (
    select from campana.audience_members(tenant, campana.parse_audience(tenant, audience), array[reader])
  );
exception
  when sqlstate 'CA003' or sqlstate 'CA004' then
    return false;
end;
$$;

-- Of what somebody holds, what is theirs no longer leaves for good: where no part of the audience that speaks of
-- roles or branches names them any more, or where they may not see the subject. Looked at once per audience and
-- subject, not per notification.
create or replace function campana.withdraw_unseen(tenant uuid, reader uuid) returns void
language plpgsql volatile as $$
declare
  touched integer;
  difference integer;
begin
  perform campana.lock_inbox(tenant, reader);
  with held as materialized (
    select i.seq, i.state = 0 and i.read_at is null as is_unread, e.audience, e.subject
    from campana.inbox i
    join campana.event e on e.tenant_id = tenant and e.id = i.event_id
    where i.tenant_id = tenant and i.user_id = reader and i.state <> 3
      and (e.audience ~ '(role|branch):' or campana.guardian(split_part(e.subject, ':', 1)) is not null)
  ),
  lost as materialized (
    select a.audience from (select distinct h.audience from held h where h.audience ~ '(role|branch):') a
    where not campana.is_named(tenant, reader, a.audience)
  ),
  hidden as materialized (
    select s.subject from (
      select distinct h.subject from held h
      where h.subject is not null and h.audience not in (select l.audience from lost l)
    ) s
    where not campana.may_see(tenant, reader, s.subject)
  ),
  gone as (
    update campana.inbox i set state = 3
    from held h
    where i.tenant_id = tenant and i.user_id = reader and i.seq = h.seq
      and (h.audience in (select l.audience from lost l) or h.subject in (select n.subject from hidden n))
    returning h.is_unread
  )
  select count(*), -count(*) filter (where g.is_unread) into touched, difference from gone g;
  perform campana.settle_inbox(tenant, reader, touched, difference, null, 'resync', '{"scope": "inbox"}');
end;
$$;

-- Whoever gets another role or branch loses what came for the old one. The tenant's turn comes first: what is being
-- written now was for who they were, and has to be there to be taken along.
create or replace function campana.withdraw_after_move() returns trigger
language plpgsql volatile security definer set search_path = campana, pg_temp as $$
begin
  perform from campana.tenant_turn t where t.tenant_id = new.tenant_id for update;
  perform campana.withdraw_unseen(new.tenant_id, new.id);
  return null;
end;
$$;

create or replace trigger withdraw_unseen after update of role, branch_id on campana.users
for each row when ((old.role, old.branch_id) is distinct from (new.role, new.branch_id))
execute function campana.withdraw_after_move();

-- A role that administers no more takes along what only administrators may see. Who may see a subject is asked once for
-- all who hold something about it. Many inboxes are locked, so the tenant's turn comes first, and their order is the
-- dispatcher's.
create or replace function campana.withdraw_after_loss() returns trigger
language plpgsql volatile security definer set search_path = campana, pg_temp as $$
declare
  loss record;
begin
  perform from campana.tenant_turn t where t.tenant_id = new.tenant_id for update;
  perform from campana.inbox_head h
  where h.tenant_id = new.tenant_id
    and h.user_id in (select u.id from campana.users u where u.tenant_id = new.tenant_id and u.role = new.name)
  order by h.user_id
  for update;
  for loss in
    with held as materialized (
      select i.user_id, i.seq, i.state = 0 and i.read_at is null as is_unread, e.subject
      from campana.users u
      join campana.inbox i on i.tenant_id = u.tenant_id and i.user_id = u.id and i.state <> 3
      join campana.event e on e.tenant_id = i.tenant_id and e.id = i.event_id
      where u.tenant_id = new.tenant_id and u.role = new.name
        and campana.guardian(split_part(e.subject, ':', 1)) is not null
    ),
    closed as materialized (
      select h.subject, v.people
      from (select distinct h.subject from held h) h
      cross join lateral campana.viewers(new.tenant_id, h.subject) v
      where campana.is_guarded(new.tenant_id, h.subject) and new.name <> all (v.roles)
    ),
    gone as (
      update campana.inbox i set state = 3
      from held h
      join closed c on c.subject = h.subject
      where i.tenant_id = new.tenant_id and i.user_id = h.user_id and i.seq = h.seq and h.user_id <> all (c.people)
      returning h.user_id, h.is_unread
    )
    select g.user_id, count(*)::integer as touched, -count(*) filter (where g.is_unread)::integer as difference
    from gone g
    group by g.user_id
  loop
    perform campana.settle_inbox(
      new.tenant_id, loss.user_id, loss.touched, loss.difference, null, 'resync', '{"scope": "inbox"}');
  end loop;
  return null;
end;
$$;

create or replace trigger withdraw_after_loss after update of administers on campana.role
for each row when (old.administers and not new.administers)
execute function campana.withdraw_after_loss();

-- The trigger's own function, once; nothing calls it now.
drop function if exists campana.withdraw_unseen();
