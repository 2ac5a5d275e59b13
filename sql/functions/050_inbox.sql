-- What readers do with their inbox. Every change is one call: it locks the head, changes rows in
-- a later statement (which therefore sees all that was committed before the lock), applies the
-- returned difference to the badge, raises rev if anything changed, and leaves a signal for the
-- reader's other devices. They run with the caller's rights: row-level security holds here too.

-- Locks the reader's head. Raises CA009 unless every id is in this inbox, in whatever state.
create or replace function campana.lock_inbox(tenant uuid, reader uuid, ids uuid[] default '{}')
returns campana.inbox_head
language plpgsql volatile as $$
declare
  head campana.inbox_head;
begin
  select * into head from campana.inbox_head h
  where h.tenant_id = tenant and h.user_id = reader
  for update;
  if exists (
    select from unnest(ids) wanted
    where not exists (
      select from campana.inbox i
      where i.tenant_id = tenant and i.user_id = reader and i.id = wanted
    )
  ) then
    perform campana.refuse('CA009', 'id', 'There is no such notification.', 'Use an id from your own list.');
  end if;
  return head;
end;
$$;

-- The end of every change: badge, rev and signal. `touched` rows changed, `difference` unread more.
create or replace function campana.settle_inbox(
  tenant uuid, reader uuid, touched integer, difference integer, signal text, payload jsonb,
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
#variable_conflict use_column
begin
  changed := touched;
  if touched = 0 then
    select coalesce(max(h.unread), 0), coalesce(max(h.rev), 0) into unread, rev
    from campana.inbox_head h
    where h.tenant_id = tenant and h.user_id = reader;
    return;
  end if;
  update campana.inbox_head h
  set unread = h.unread + difference, rev = h.rev + 1
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
  touched uuid[];
  visible integer;
begin
  perform campana.lock_inbox(tenant, reader, ids);
  with changed as (
    update campana.inbox i set read_at = clock_timestamp()
    where i.tenant_id = tenant and i.user_id = reader and i.id = any (ids)
      and i.read_at is null and i.state in (0, 1)
    returning i.id, i.state
  )
  select coalesce(array_agg(c.id), '{}'), count(*) filter (where c.state = 0) into touched, visible
  from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, cardinality(touched), -visible, 'read',
    jsonb_build_object('ids', touched)) s;
end;
$$;

create or replace function campana.unread_notifications(
  tenant uuid, reader uuid, ids uuid[],
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  touched integer;
  visible integer;
begin
  perform campana.lock_inbox(tenant, reader, ids);
  with changed as (
    update campana.inbox i set read_at = null
    where i.tenant_id = tenant and i.user_id = reader and i.id = any (ids)
      and i.read_at is not null and i.state in (0, 1)
    returning i.state
  )
  select count(*), count(*) filter (where c.state = 0) into touched, visible from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, touched, visible, 'resync', '{"scope": "inbox"}') s;
end;
$$;

create or replace function campana.delete_notifications(
  tenant uuid, reader uuid, ids uuid[],
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  touched uuid[];
  counted integer;
begin
  perform campana.lock_inbox(tenant, reader, ids);
  with old as (
    select i.seq, i.id, i.state, i.read_at from campana.inbox i
    where i.tenant_id = tenant and i.user_id = reader and i.id = any (ids) and i.state in (0, 1)
  ),
  changed as (
    update campana.inbox i set state = 2 from old
    where i.tenant_id = tenant and i.user_id = reader and i.seq = old.seq
    returning i.id, old.state = 0 and old.read_at is null as was_counted
  )
  select coalesce(array_agg(c.id), '{}'), count(*) filter (where c.was_counted) into touched, counted
  from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, cardinality(touched), -counted, 'deleted',
    jsonb_build_object('ids', touched)) s;
end;
$$;

-- Takes deletion back. What expired meanwhile stays out of sight, as the clock would have it.
create or replace function campana.restore_notifications(
  tenant uuid, reader uuid, ids uuid[],
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  touched integer;
  counted integer;
begin
  perform campana.lock_inbox(tenant, reader, ids);
  with changed as (
    update campana.inbox i
    set state = case when e.expires_at <= clock_timestamp() then 3 else 0 end
    from campana.event e
    where i.tenant_id = tenant and i.user_id = reader and i.id = any (ids) and i.state = 2
      and e.tenant_id = tenant and e.id = i.event_id
    returning i.state, i.read_at
  )
  select count(*), count(*) filter (where c.state = 0 and c.read_at is null) into touched, counted
  from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, touched, counted, 'resync', '{"scope": "inbox"}') s;
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

create or replace function campana.read_all_notifications(
  tenant uuid, reader uuid, up_to bigint,
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  last bigint;
  touched integer;
begin
  last := campana.check_up_to(campana.lock_inbox(tenant, reader), up_to);
  with changed as (
    update campana.inbox i set read_at = clock_timestamp()
    where i.tenant_id = tenant and i.user_id = reader and i.seq <= last
      and i.state = 0 and i.read_at is null
    returning 1
  )
  select count(*) into touched from changed;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, touched, -touched, 'read', jsonb_build_object('upTo', last)) s;
end;
$$;

create or replace function campana.clear_notifications(
  tenant uuid, reader uuid, up_to bigint,
  out unread integer, out rev bigint, out changed integer, out signal_id bigint)
language plpgsql volatile as $$
declare
  last bigint;
  touched integer;
  counted integer;
begin
  last := campana.check_up_to(campana.lock_inbox(tenant, reader), up_to);
  with changed as (
    update campana.inbox i set state = 2
    where i.tenant_id = tenant and i.user_id = reader and i.seq <= last and i.state = 0
    returning i.read_at
  )
  select count(*), count(*) filter (where c.read_at is null) into touched, counted from changed c;
  select s.* into unread, rev, changed, signal_id
  from campana.settle_inbox(tenant, reader, touched, -counted, 'deleted', jsonb_build_object('upTo', last)) s;
end;
$$;

-- The newest `span` visible rows below `before`. Unread ones have an index of their own, which a
-- plan for both could not use.
create or replace function campana.newest_notifications(
  tenant uuid, reader uuid, before bigint, only_unread boolean, span integer, skip integer default 0)
returns setof campana.inbox
language plpgsql stable rows 20 as $$
begin
  if only_unread then
    return query
      select * from campana.inbox i
      where i.tenant_id = tenant and i.user_id = reader and i.seq < before
        and i.state = 0 and i.read_at is null
      order by i.seq desc
      limit span offset skip;
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

-- An event's words for one reader; campana/words.py holds the same rule.
create or replace function campana.words_for(words jsonb, locale text) returns jsonb
language sql immutable as $$
  select coalesce(
    words -> locale, words -> '', words -> 'en', (select value from jsonb_each(words) limit 1), '{}');
$$;

-- Text without case and accents, for comparing.
create or replace function campana.folded(words text) returns text
language sql immutable as $$
  select regexp_replace(normalize(lower(words), nfkd), '[\u0300-\u036f]', '', 'g');
$$;
