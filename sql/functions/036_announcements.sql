-- Announcements: what became of them, and changing them in inboxes that they have reached already.
-- Definer functions, because requests see neither the queue nor write events; each looks at the tenant itself.

create or replace function campana.check_own_tenant(tenant uuid) returns void
language plpgsql stable as $$
begin
  if tenant is distinct from campana.current_tenant() then
    perform campana.refuse('CA007', 'tenant', 'There is no such tenant.', 'Ask for your own.');
  end if;
end;
$$;

-- Announcements, newest first. state: scheduled, waiting (in the queue), sending, sent, cancelled, changing, withdrawn
-- or gone (retention has taken it). reached: inboxes that it is or was in.
drop function if exists campana.announcements(uuid, uuid, uuid, integer);
create function campana.announcements(tenant uuid, one uuid, before uuid, at_most integer)
returns table (
  id uuid, words jsonb, audience text, priority text, people integer, deliver_at timestamptz, created_at timestamptz,
  corrected_at timestamptz, changed integer, change text, author text, reached bigint, state text)
language plpgsql stable security definer set search_path = campana, pg_temp as $$
#variable_conflict use_column
begin
  perform campana.check_own_tenant(tenant);
  return query
  with queued as materialized (
    select o.event_id, o.progress from campana.outbox o
    where o.tenant_id = tenant and o.type = 'announcement:published'
  )
  select a.id, a.words, a.audience, a.priority, a.people, a.deliver_at, a.created_at, a.corrected_at, a.changed,
    a.change, u.name, r.reached,
    case
      when a.cancelled_at is not null then 'cancelled'
      when a.change is not null then 'changing'
      when a.withdrawn_at is not null then 'withdrawn'
      when exists (select from campana.scheduled s where s.tenant_id = tenant and s.event_id = a.id) then 'scheduled'
      when q.progress is not null then 'sending'
      when q.event_id is not null then 'waiting'
      when exists (select from campana.event e where e.tenant_id = tenant and e.id = a.id) then 'sent'
      when a.created_at > clock_timestamp() - interval '1 minute' then 'waiting'
      else 'gone'
    end
  from campana.announcement a
  left join queued q on q.event_id = a.id
  left join campana.users u on u.tenant_id = tenant and u.id = a.author
  cross join lateral (
    select coalesce(sum(cardinality(p.user_ids)), 0)::bigint as reached
    from campana.event_recipients p where p.tenant_id = tenant and p.event_id = a.id
  ) r
  where a.tenant_id = tenant and (one is null or a.id = one) and (before is null or a.id < before)
  order by a.id desc
  limit at_most;
end;
$$;

-- How many of those whom it reached have read it.
create or replace function campana.announcement_read(tenant uuid, announcement uuid) returns bigint
language sql stable set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
  select count(*)
  from campana.event_recipients r
  cross join lateral unnest(r.user_ids, r.seqs) p (user_id, seq)
  left join lateral (
    select m.read_at from campana.inbox m
    where m.user_id = p.user_id and m.id = announcement and m.moved and m.tenant_id = tenant offset 0
  ) m on true
  left join lateral (
    select i.read_at from campana.inbox i
    where i.tenant_id = tenant and i.user_id = p.user_id and i.seq = p.seq and i.id = announcement offset 0
  ) i on true
  where r.tenant_id = tenant and r.event_id = announcement and coalesce(m.read_at, i.read_at) is not null;
$$;

-- The row, locked, of an announcement that can still be changed; CA009 where there is none, CA008 where it is over.
create or replace function campana.lock_announcement(tenant uuid, announcement uuid) returns campana.announcement
language plpgsql volatile as $$
declare
  a campana.announcement;
begin
  perform campana.check_own_tenant(tenant);
  select * into a from campana.announcement t where t.tenant_id = tenant and t.id = announcement for update;
  if not found then
    perform campana.refuse('CA009', 'id', 'There is no such announcement.', 'Use an id from your own list.');
  elsif a.cancelled_at is not null or a.withdrawn_at is not null then
    perform campana.refuse('CA008', 'id', 'The announcement was taken back.', 'Write a new one.');
  end if;
  return a;
end;
$$;

-- Other words from now on. What is scheduled or queued simply says them; inboxes that it has reached are changed by
-- campana.change_announcement(). An event is never changed: the new words are an event of their own, shown under the
-- announcement's id, as when notifications collapse. `said`: words per language as of campana.event.
create or replace function campana.correct_announcement(
  tenant uuid, announcement uuid, words jsonb, title text, message text, data jsonb, said jsonb) returns void
language plpgsql volatile security definer set search_path = campana, pg_temp as $$
declare
  a campana.announcement := campana.lock_announcement(tenant, announcement);
begin
  if a.change is not null then
    perform campana.refuse('CA008', 'id', 'The announcement is being changed.', 'Try again in a moment.');
  end if;
  update campana.announcement t set words = correct_announcement.words, corrected_at = clock_timestamp()
  where t.tenant_id = tenant and t.id = announcement;
  update campana.scheduled s
  set title = correct_announcement.title, message = correct_announcement.message, data = correct_announcement.data
  where s.tenant_id = tenant and s.event_id = announcement;
  if found then
    return;
  end if;
  -- Whoever has read it with the first words is refused when it comes to writing (campana.spend_turns).
  update campana.tenant_turn t set holder = null, held_until = '-infinity'
  where t.tenant_id = tenant
    and exists (select from campana.outbox o where o.tenant_id = tenant and o.event_id = announcement and o.progress is null);
  update campana.outbox o
  set title = correct_announcement.title, message = correct_announcement.message, data = correct_announcement.data
  where o.tenant_id = tenant and o.event_id = announcement and o.progress is null;
  if found then
    return;
  end if;
  a.shown_as := campana.uuid7();
  insert into campana.event (
    tenant_id, id, type, audience, words, data, priority, variant, url, actions, actor, subject, published_at)
  select e.tenant_id, a.shown_as, e.type, e.audience, said, correct_announcement.data, e.priority, e.variant, e.url,
    e.actions, e.actor, e.subject, e.published_at
  from campana.event e where e.tenant_id = tenant and e.id = announcement;
  if not found then
    perform campana.refuse('CA008', 'id', 'Nobody has the announcement any more.', 'Write a new one.');
  end if;
  update campana.announcement t
  set change = 'correct', shown_as = a.shown_as, at_user = null, changed = 0
  where t.tenant_id = tenant and t.id = announcement;
end;
$$;

-- Takes an announcement back, wherever it has come to. True: inboxes have to be changed.
create or replace function campana.withdraw_announcement(tenant uuid, announcement uuid) returns boolean
language plpgsql volatile security definer set search_path = campana, pg_temp as $$
declare
  a campana.announcement := campana.lock_announcement(tenant, announcement);
begin
  delete from campana.scheduled s where s.tenant_id = tenant and s.event_id = announcement;
  if found then
    update campana.announcement t set cancelled_at = clock_timestamp() where t.tenant_id = tenant and t.id = announcement;
    return false;
  end if;
  update campana.announcement t
  set change = 'withdraw', withdrawn_at = clock_timestamp(), at_user = null, changed = 0
  where t.tenant_id = tenant and t.id = announcement;
  return true;
end;
$$;

-- One step of a correction or withdrawal: the inboxes of some pieces of its recipients, about 225 people. `stage`: busy
-- (somebody else is at it, or writes for the tenant), more or done. signal_ids: what tells open pages.
-- Nobody waits for a lock here but for a reader's head: the clock comes again.
create or replace function campana.change_announcement(
  tenant uuid, announcement uuid, pieces integer default 3,
  out stage text, out user_ids uuid[], out signal_ids bigint[])
language plpgsql volatile set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
#variable_conflict use_variable
<<fn>>
declare
  a       campana.announcement;
  queued  bigint;
  next_at uuid;
begin
  stage := 'busy';
  select * into a from campana.announcement t
  where t.tenant_id = tenant and t.id = announcement and t.change is not null
  for update skip locked;
  if not found then
    stage := case when exists (
      select from campana.announcement t where t.tenant_id = tenant and t.id = announcement and t.change is not null
    ) then 'busy' else 'done' end;
    return;
  end if;
  perform from campana.tenant_turn t where t.tenant_id = tenant for update skip locked;
  if not found then
    return;
  end if;
  select o.id into queued from campana.outbox o where o.tenant_id = tenant and o.event_id = announcement;
  if queued is not null then
    if a.change = 'correct' then
      return;  -- the rest is being written with the first words
    end if;
    perform from campana.outbox o where o.id = queued for update skip locked;
    if not found then
      return;
    end if;
    delete from campana.outbox o where o.id = queued;
  end if;

  select array_agg(p.user_id order by p.user_id), (array_agg(r.first_user order by r.first_user desc))[1]
  into user_ids, next_at
  from (
    select r.first_user, r.user_ids from campana.event_recipients r
    where r.tenant_id = tenant and r.event_id = announcement and (a.at_user is null or r.first_user > a.at_user)
    order by r.first_user
    limit pieces
  ) r
  cross join lateral unnest(r.user_ids) p (user_id);
  perform from campana.inbox_head h
  where h.tenant_id = tenant and h.user_id = any (user_ids)
  order by h.user_id
  for update;
  if a.change = 'withdraw' then
    signal_ids := campana.withdraw_from(a, user_ids);
  else
    perform campana.correct_in(a, user_ids);
  end if;
  stage := case when next_at is null then 'done' else 'more' end;
  update campana.announcement t
  set at_user = coalesce(next_at, t.at_user), changed = t.changed + coalesce(cardinality(user_ids), 0),
    change = case when next_at is not null then t.change end
  where t.tenant_id = tenant and t.id = announcement;
end;
$$;

-- It leaves these inboxes, whose heads are locked, for good: it is neither listed nor restored.
create or replace function campana.withdraw_from(a campana.announcement, readers uuid[]) returns bigint[]
language plpgsql volatile set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
  told bigint[];
begin
  with place as materialized (
    select i.user_id, i.seq, i.state, i.read_at
    from unnest(readers) r (user_id)
    cross join lateral campana.place_of(a.tenant_id, r.user_id, array[a.id]) p
    join campana.inbox i on i.tenant_id = a.tenant_id and i.user_id = r.user_id and i.seq = p.seq
    where i.state <> 3
  ),
  gone as (
    update campana.inbox i set state = 3 from place p
    where i.tenant_id = a.tenant_id and i.user_id = p.user_id and i.seq = p.seq
  ),
  heads as (
    update campana.inbox_head h
    set unread = h.unread - (p.state = 0 and p.read_at is null)::integer, rev = h.rev + 1
    from place p
    where h.tenant_id = a.tenant_id and h.user_id = p.user_id
    returning h.user_id, h.rev
  ),
  signals as (
    insert into campana.signal (tenant_id, name, user_id, payload)
    select a.tenant_id, 'deleted', h.user_id, jsonb_build_object('ids', jsonb_build_array(a.id), 'rev', h.rev)
    from heads h
    returning id
  )
  select array_agg(s.id) into told from signals s;
  return told;
end;
$$;

-- It says other words in these inboxes, whose heads are locked: the same id at a new seq, read as it was, without toast
-- or sound. What its reader has deleted stays where it is.
create or replace function campana.correct_in(a campana.announcement, readers uuid[]) returns void
language plpgsql volatile set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
  with place as materialized (
    select i.user_id, i.seq, i.state in (0, 1) as moves
    from unnest(readers) r (user_id)
    cross join lateral campana.place_of(a.tenant_id, r.user_id, array[a.id]) p
    join campana.inbox i on i.tenant_id = a.tenant_id and i.user_id = r.user_id and i.seq = p.seq
    where i.state <> 3
  ),
  heads as (
    update campana.inbox_head h set seq = h.seq + 1 from place p
    where p.moves and h.tenant_id = a.tenant_id and h.user_id = p.user_id
    returning h.user_id, h.seq
  ),
  clocks as (
    update campana.expiring x set seq = h.seq
    from place p join heads h on h.user_id = p.user_id
    where x.tenant_id = a.tenant_id and x.user_id = p.user_id and x.seq = p.seq
  )
  update campana.inbox i
  set event_id = a.shown_as, seq = coalesce(h.seq, i.seq), moved = i.moved or h.seq is not null,
    channels = i.channels & ~14
  from place p left join heads h on h.user_id = p.user_id
  where i.tenant_id = a.tenant_id and i.user_id = p.user_id and i.seq = p.seq;
end;
$$;
