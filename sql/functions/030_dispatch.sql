-- From the outbox to the inboxes, set-based: never a loop over recipients.
-- Whoever writes for a tenant locks its turn (campana.tenant_turn): that makes the dispatcher the only one who
-- locks more than one inbox_head at a time.

-- Tenants with events waiting whose turn nobody else has, at most `most_tenants`, longest unserved first; and their
-- events in order of publication, at most `most_events` each. Their order inside a tenant is kept because
-- only the holder of its turn writes them. Volatile: each statement sees what was committed before
-- it, and the events must be looked at after the turn was taken. Called by itself, outside a transaction: a
-- turn lost in a crash is no loss, so nobody waits for the disk. When nothing is there it looks again 2,000 times a
-- second, for `patience` seconds: that costs a tenth of being asked as often. It looks by index
-- only: of a backlog nothing but dead rows is left until they are vacuumed, and to read through 700,000 takes 50 ms.
drop function if exists campana.take(uuid, integer, integer);
create or replace function campana.take(holder uuid, most_tenants integer, most_events integer, patience float default 0)
returns table (
  tenant_id uuid, id bigint, event_id uuid, type text, rule jsonb, title text, message text, data jsonb, url text,
  actor uuid, subject text, collapse_key text, progress uuid, actor_name text)
language plpgsql volatile rows 10 set enable_seqscan = off as $$
#variable_conflict use_column
declare
  taken uuid[];
  until constant timestamptz := clock_timestamp() + patience * interval '1 second';
begin
  while not exists (select from campana.outbox) loop
    if clock_timestamp() >= until then
      return;
    end if;
    perform pg_sleep(0.0004);
  end loop;
  perform set_config('synchronous_commit', 'off', true);
  with recursive waiting as (
    -- one index probe per waiting tenant, however long its queue
    (select o.tenant_id from campana.outbox o order by o.tenant_id, o.id limit 1)
    union all
    select (
      select o.tenant_id from campana.outbox o
      where o.tenant_id > w.tenant_id
      order by o.tenant_id, o.id
      limit 1
    )
    from waiting w
    where w.tenant_id is not null
  ),
  turn as (
    select t.tenant_id
    from campana.tenant_turn t
    where t.tenant_id in (select w.tenant_id from waiting w)
      and (t.holder = take.holder or t.held_until < clock_timestamp())
    order by t.served_at
    limit most_tenants
    for update skip locked
  ),
  served as (
    update campana.tenant_turn t
    set holder = take.holder, held_until = clock_timestamp() + interval '2 seconds', served_at = clock_timestamp()
    from turn
    where t.tenant_id = turn.tenant_id
    returning t.tenant_id
  )
  select array_agg(s.tenant_id) into taken from served s;

  return query
  select o.tenant_id, o.id, o.event_id, o.type, o.rule, o.title, o.message, o.data, o.url, o.actor, o.subject,
    o.collapse_key, o.progress,
    (select u.name from campana.users u where u.tenant_id = o.tenant_id and u.id = o.actor)
  from unnest(taken) t (tenant_id)
  cross join lateral (
    select * from campana.outbox o where o.tenant_id = t.tenant_id order by o.id limit most_events
  ) o
  order by o.tenant_id, o.id;
end;
$$;

-- What was taken is about to be written, and others may take these turns when that is committed. Who was so slow that
-- somebody else has taken one meanwhile is refused: their order would be lost.
create or replace function campana.spend_turns(holder uuid, tenants uuid[]) returns void
language plpgsql volatile as $$
declare
  held integer;
begin
  update campana.tenant_turn t set held_until = '-infinity'
  where t.tenant_id = any (tenants) and t.holder = spend_turns.holder;
  get diagnostics held = row_count;
  if held < cardinality(tenants) then
    raise exception 'The turn of a tenant has gone to another dispatcher.' using errcode = 'serialization_failure';
  end if;
end;
$$;

drop function if exists campana.recipients(uuid, jsonb, text, uuid, integer, uuid, integer);
drop function if exists campana.recipients(uuid, jsonb, text, text, uuid, text, timestamptz, uuid, integer);

-- What a live message says, the same for everybody who may hear it.
create or replace function campana.live_payload(
  id uuid, type text, words jsonb, data jsonb, priority text, variant text, url text,
  actions jsonb, actor uuid, subject text, published_at timestamptz
) returns jsonb
language sql stable as $$
  select jsonb_build_object('id', id, 'type', type, 'words', words, 'data', data, 'priority', priority,
    'variant', variant, 'url', url, 'actions', actions, 'actor', actor, 'subject', subject, 'publishedAt', published_at);
$$;

-- Dispatches outbox rows `ids` of these tenants, whose words are `said`: events, signals, heads, inbox rows in one
-- statement. Returns per tenant who has news (null: more than 100 users) and the signals: their ids to hint
-- at, and all of them for the hub of the same process, in arrays side by side. Of the tenants `here`, for that
-- hub too: who hears each rule's live messages, and the news, those who got the same together. `alone`: there is
-- no other process to be told.
-- How many recipients a handful of events has, no statistics tell: expecting few, the planner would compare
-- everybody with everybody. So nothing is joined in loops but what is looked up by key (`lateral … offset 0`),
-- and by its index: a table that is small today would be read through once per recipient. Such a plan
-- looks dear enough to be compiled, which takes seconds: no jit.
drop function if exists campana.fan_out(bigint[], jsonb[], timestamptz);
drop function if exists campana.fan_out(uuid, uuid[], bigint[], jsonb[], timestamptz);
create or replace function campana.fan_out(
  holder uuid, tenants uuid[], ids bigint[], said jsonb[], here uuid[] default '{}', moment timestamptz default now())
returns table (
  tenant_id uuid, user_ids uuid[], xid text, signal_ids bigint[], names text[], event_ids uuid[], rules text[], payloads jsonb[],
  hearers campana.hearers[], news campana.shared_news[], alone boolean)
language plpgsql volatile rows 10 set enable_nestloop = off set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
begin
  perform campana.spend_turns(holder, tenants);
  return query
  with taken as (
    delete from campana.outbox o where o.id = any (ids) returning o.*
  ),
  due as materialized (
    select t.*, w.words
    from taken t
    join unnest(ids, said) w (id, words) on w.id = t.id
  ),
  lasting as (
    insert into campana.event (
      tenant_id, id, type, audience, words, data, priority, variant, url, actions, actor, subject,
      collapse_key, expires_at, published_at)
    select tenant_id, event_id, type, audience, words, data, priority, variant, url, actions, actor, subject,
      collapse_key, expires_at, published_at
    from due
    where lasting
  ),
  signals as (
    insert into campana.signal (tenant_id, name, event_id, rule, payload)
    select tenant_id, type, event_id, rule, campana.live_payload(due.event_id, due.type, due.words, due.data,
      due.priority, due.variant, due.url, due.actions, due.actor, due.subject, due.published_at)
    from due
    order by id
    returning tenant_id, id, name, event_id, rule, payload
  ),
  -- Events for the same audience are one `audience` here: it is evaluated once. Of those, what the same people get the
  -- same way is `alike`.
  kind as materialized (
    select d.id, d.tenant_id, d.event_id, d.type, d.rule, d.priority, d.actor, d.expires_at, d.muted,
      dense_rank() over (order by d.tenant_id, d.type, d.rule, d.priority) as audience,
      dense_rank() over (order by d.tenant_id, d.type, d.rule, d.priority, d.actor, d.muted) as alike
    from (
      select d.*, case when d.subject is not null then array(
        select m.user_id from campana.user_mute m where m.tenant_id = d.tenant_id and m.subject = d.subject
      ) end as muted
      from due d
      where d.lasting
    ) d
  ),
  standing as materialized (
    select t.tenant_id, t.type, t.priority, campana.standing(t.tenant_id, t.type, t.priority) as roles
    from (select distinct k.tenant_id, k.type, k.priority from kind k) t
  ),
  member as materialized (
    select a.audience, m.user_id, m.reason, m.channels
    from (
      select distinct on (k.audience) k.audience, k.tenant_id, k.type, k.rule, k.priority
      from kind k
      order by k.audience
    ) a
    join standing s on s.tenant_id = a.tenant_id and s.type = a.type and s.priority = a.priority
    cross join lateral campana.addressed(a.tenant_id, a.rule, a.type, a.priority, s.roles, moment) m
  ),
  recipient as materialized (
    select k.alike, m.user_id, m.reason,
      case when m.user_id = any (k.muted) then m.channels & ~14 else m.channels end as channels
    from (select distinct on (k.alike) k.alike, k.audience, k.actor, k.muted from kind k order by k.alike) k
    join member m on m.audience = k.audience
    where m.channels & 1 <> 0 and m.user_id is distinct from k.actor
  ),
  -- Readers who get the same on the same channels for the same reasons share it: few shares, however many readers.
  share as materialized (
    select row_number() over () as share, u.alikes, u.masks, u.reasons, array_agg(u.user_id) as user_ids
    from (
      select r.user_id, array_agg(r.alike order by r.alike) as alikes, array_agg(r.channels order by r.alike) as masks,
        array_agg(r.reason order by r.alike) as reasons
      from recipient r
      group by r.user_id
    ) u
    group by u.alikes, u.masks, u.reasons
  ),
  -- `back`: the how-manieth of a share's events, from the last one.
  given as materialized (
    select s.share, k.tenant_id, k.id as ord, k.event_id, k.expires_at, a.mask, a.reason,
      row_number() over (partition by s.share order by k.id desc) as back
    from share s
    cross join lateral unnest(s.alikes, s.masks, s.reasons) a (alike, mask, reason)
    join kind k on k.alike = a.alike
  ),
  sharer as materialized (
    select s.share, u.user_id from share s cross join lateral unnest(s.user_ids) u (user_id)
  ),
  heads as (
    insert into campana.inbox_head as h (tenant_id, user_id, seq, unread)
    select g.tenant_id, s.user_id, g.events, g.events
    from (select g.share, g.tenant_id, count(*) as events from given g group by g.share, g.tenant_id) g
    join sharer s on s.share = g.share
    order by s.user_id
    on conflict (tenant_id, user_id) do update
      set seq = h.seq + excluded.seq, unread = h.unread + excluded.unread
    returning tenant_id, user_id, seq, unread, rev
  ),
  numbered as materialized (
    select h.tenant_id, h.user_id, h.seq, h.unread, h.rev, s.share,
      row_number() over (partition by h.tenant_id order by h.user_id) - 1 as number
    from heads h
    join sharer s on s.user_id = h.user_id
  ),
  -- The last of a reader's events gets the head's seq.
  placed as materialized (
    select n.tenant_id, n.user_id, g.event_id, g.reason, g.mask as channels,
      g.ord, n.number / 75 as piece, n.seq + 1 - g.back as seq
    from numbered n
    join given g on g.share = n.share
  ),
  rows as (
    insert into campana.inbox (tenant_id, user_id, id, event_id, seq, channels, reason)
    select tenant_id, user_id, event_id, event_id, seq, channels, reason
    from placed
  ),
  -- Pieces of campana.event_recipients begin at the same users for all events of this round.
  beginning as materialized (
    select tenant_id, user_id, number / 75 as piece from numbered where number % 75 = 0
  ),
  places as (
    insert into campana.event_recipients (tenant_id, event_id, first_user, user_ids, seqs)
    select k.tenant_id, k.event_id, b.user_id, g.user_ids, g.seqs
    from (
      -- grouped by plain numbers: where the planner sorts, it sorts those
      select ord, piece, array_agg(user_id) as user_ids, array_agg(seq) as seqs
      from placed
      group by ord, piece
    ) g
    join kind k on k.id = g.ord
    join beginning b on b.tenant_id = k.tenant_id and b.piece = g.piece
  ),
  clocks as (
    insert into campana.expiring (tenant_id, user_id, seq, expires_at)
    select n.tenant_id, n.user_id, n.seq + 1 - g.back, g.expires_at
    from numbered n
    join given g on g.share = n.share
    where g.expires_at is not null
  ),
  hearers as (
    select k.tenant_id, array_agg(row(k.rule::text, m.user_ids)::campana.hearers) as hearers
    from (
      select distinct on (k.tenant_id, k.rule) k.tenant_id, k.rule, k.audience
      from kind k
      where k.tenant_id = any (here)
    ) k
    join (select m.audience, array_agg(m.user_id) as user_ids from member m group by m.audience) m on m.audience = k.audience
    group by k.tenant_id
  ),
  news as (
    select n.tenant_id, array_agg(
      row(g.ords, g.masks, n.user_ids, n.seqs, n.unreads, n.revs)::campana.shared_news) as news
    from (
      select n.tenant_id, n.share, array_agg(n.user_id) as user_ids, array_agg(n.seq) as seqs,
        array_agg(n.unread) as unreads, array_agg(n.rev) as revs
      from numbered n
      where n.tenant_id = any (here)
      group by n.tenant_id, n.share
    ) n
    join (select g.share, array_agg(g.ord) as ords, array_agg(g.mask) as masks from given g group by g.share) g
      on g.share = n.share
    group by n.tenant_id
  )
  select t.tenant_id,
    (select case when count(*) <= 100 then array_agg(h.user_id) end from heads h where h.tenant_id = t.tenant_id) as user_ids,
    pg_current_xact_id()::text as xid, t.signal_ids, t.names, t.event_ids, t.rules, t.payloads,
    (select w.hearers from hearers w where w.tenant_id = t.tenant_id),
    (select w.news from news w where w.tenant_id = t.tenant_id),
    not exists (select from campana.dispatcher d where d.id <> holder and d.beat > clock_timestamp() - interval '1 minute')
  from (
    select tenant_id, array_agg(id) as signal_ids, array_agg(name) as names, array_agg(event_id) as event_ids,
      array_agg(rule::text) as rules, array_agg(payload) as payloads
    from signals
    group by tenant_id
  ) t;
end;
$$;

-- One event by itself, in small steps instead of fan_out()'s large one: a few recipients take half as long so, a huge
-- audience goes in chunks of `at_most` people, and collapse keys are settled. Returns as fan_out does; the news `here`
-- only of an event that is done at once and collapses into none.
-- By index only, as take(): these plans are kept, and were made when the queue was empty.
drop function if exists campana.fan_out_one(bigint, jsonb, integer, timestamptz);
drop function if exists campana.fan_out_one(uuid, bigint, jsonb, integer, timestamptz);
create or replace function campana.fan_out_one(
  holder uuid, tenant uuid, outbox_id bigint, words jsonb, at_most integer, here boolean default false,
  moment timestamptz default now())
returns table (
  tenant_id uuid, user_ids uuid[], xid text, signal_ids bigint[], names text[], event_ids uuid[], rules text[], payloads jsonb[],
  hearers campana.hearers[], news campana.shared_news[], alone boolean)
language plpgsql volatile set enable_seqscan = off as $$
#variable_conflict use_column
<<fn>>
declare
  e       campana.outbox;
  addressed uuid[];  -- whom the rule names, of this chunk
  muted   uuid[];
  who     uuid[];    -- those of them who want it; in the order of their ids, as all that is beside them:
  reasons text[];
  masks   integer[];
  seqs    bigint[];
  unreads integer[];
  revs    bigint[];
  earlier bigint[];  -- which of their rows it collapses into
  finished boolean;  -- nobody is left to be written to
begin
  perform campana.spend_turns(holder, array[tenant]);
  select o.* into e from campana.outbox o where o.tenant_id = tenant and o.id = outbox_id for update;
  if not found then
    return;  -- withdrawn meanwhile
  end if;

  if e.progress is null then
    if e.lasting then
      insert into campana.event (
        tenant_id, id, type, audience, words, data, priority, variant, url, actions, actor, subject,
        collapse_key, expires_at, published_at)
      values (
        e.tenant_id, e.event_id, e.type, e.audience, fan_out_one.words, e.data, e.priority, e.variant, e.url, e.actions,
        e.actor, e.subject, e.collapse_key, e.expires_at, e.published_at);
    end if;
    insert into campana.signal (tenant_id, name, event_id, rule, payload)
    values (e.tenant_id, e.type, e.event_id, e.rule, campana.live_payload(e.event_id, e.type, fan_out_one.words, e.data,
      e.priority, e.variant, e.url, e.actions, e.actor, e.subject, e.published_at))
    returning array[id], array[name], array[campana.signal.event_id], array[rule::text], array[payload]
    into signal_ids, names, event_ids, rules, payloads;
  end if;

  if e.lasting then
    if e.subject is not null then
      muted := array(select m.user_id from campana.user_mute m where m.tenant_id = tenant and m.subject = e.subject);
    end if;
    -- as fan_out() does for many events at once: never the actor, without noise for whoever muted the subject
    select array_agg(a.user_id), array_agg(a.user_id) filter (where a.wants), array_agg(a.reason) filter (where a.wants),
      array_agg(case when a.user_id = any (muted) then a.channels & ~14 else a.channels end) filter (where a.wants)
    into addressed, who, reasons, masks
    from (
      select a.*, a.channels & 1 <> 0 and a.user_id is distinct from e.actor as wants
      from campana.addressed(tenant, e.rule, e.type, e.priority, campana.standing(tenant, e.type, e.priority), moment) a
      where e.progress is null or a.user_id > e.progress
      order by a.user_id
      limit at_most
    ) a;
  end if;

  if who is not null then
    if e.collapse_key is not null then
      -- First the heads, in order; only then is what the inboxes hold settled.
      perform from campana.inbox_head h
      where h.tenant_id = tenant and h.user_id = any (who)
      order by h.user_id
      for update;
      earlier := array(
        select (
          select i.seq from campana.inbox i
          where i.tenant_id = tenant and i.user_id = w.user_id and i.collapse_key = e.collapse_key
            and i.state = 0 and i.read_at is null
          order by i.seq desc
          limit 1
        )
        from unnest(who) with ordinality w (user_id, ord)
        order by w.ord);
    end if;

    with heads as (
      insert into campana.inbox_head as h (tenant_id, user_id, seq, unread)
      select tenant, w.user_id, 1, (w.earlier is null)::integer
      from unnest(who, earlier) with ordinality w (user_id, earlier, ord)
      order by w.ord
      on conflict (tenant_id, user_id) do update
        set seq = h.seq + 1, unread = h.unread + excluded.unread
      returning h.user_id, h.seq, h.unread, h.rev
    )
    select array_agg(h.seq), array_agg(h.unread), array_agg(h.rev)
    into seqs, unreads, revs
    from (select * from heads order by user_id) h;

    if e.collapse_key is not null then
      update campana.inbox i
      set seq = w.seq, event_id = e.event_id, reason = w.reason, channels = w.channels, moved = true
      from unnest(who, reasons, masks, seqs, earlier) w (user_id, reason, channels, seq, earlier)
      where i.tenant_id = tenant and i.user_id = w.user_id and i.seq = w.earlier;
      -- what an event was collapsed into no longer ends with the earlier one
      delete from campana.expiring x
      using unnest(who, earlier) w (user_id, earlier)
      where x.tenant_id = tenant and x.user_id = w.user_id and x.seq = w.earlier;
    end if;
    insert into campana.inbox (tenant_id, user_id, id, event_id, seq, channels, reason, collapse_key)
    select tenant, w.user_id, e.event_id, e.event_id, w.seq, w.channels, w.reason, e.collapse_key
    from unnest(who, reasons, masks, seqs, earlier) w (user_id, reason, channels, seq, earlier)
    where w.earlier is null;
    insert into campana.event_recipients (tenant_id, event_id, first_user, user_ids, seqs)
    select tenant, e.event_id, p.user_ids[1], p.user_ids, p.seqs
    from (
      select array_agg(w.user_id order by w.ord) as user_ids, array_agg(w.seq order by w.ord) as seqs
      from unnest(who, seqs, earlier) with ordinality w (user_id, seq, earlier, ord)
      where w.earlier is null
      group by (w.ord - 1) / 75
    ) p;
    if e.expires_at is not null then
      insert into campana.expiring (tenant_id, user_id, seq, expires_at)
      select tenant, w.user_id, w.seq, e.expires_at from unnest(who, seqs) w (user_id, seq);
    end if;
  end if;

  finished := coalesce(cardinality(addressed), 0) < at_most;
  if finished then
    delete from campana.outbox o where o.tenant_id = tenant and o.id = outbox_id;
  else
    update campana.outbox o set progress = addressed[at_most] where o.tenant_id = tenant and o.id = outbox_id;
  end if;

  tenant_id := tenant;
  xid := pg_current_xact_id()::text;
  user_ids := case when coalesce(cardinality(who), 0) <= 100 then coalesce(who, '{}') end;
  alone := not exists (
    select from campana.dispatcher d where d.id <> holder and d.beat > clock_timestamp() - interval '1 minute');
  if here and finished and e.progress is null and e.collapse_key is null then
    hearers := array[row(e.rule::text, addressed)::campana.hearers];
    news := array(
      select row(array[e.id], array[w.mask], array_agg(w.user_id), array_agg(w.seq), array_agg(w.unread), array_agg(w.rev))
        ::campana.shared_news
      from unnest(who, masks, seqs, unreads, revs) w (user_id, mask, seq, unread, rev)
      group by w.mask);
  end if;
  return next;
end;
$$;

-- Sets an event aside that failed for the third time, and tells the tenant's administrators.
create or replace function campana.set_aside(outbox_id bigint, reason text) returns void
language plpgsql volatile as $$
declare
  e campana.outbox;
  administrators text;
begin
  delete from campana.outbox o where o.id = outbox_id returning * into e;
  insert into campana.poison (tenant_id, event_id, type, reason, body)
  values (e.tenant_id, e.event_id, e.type, left(set_aside.reason, 500), to_jsonb(e))
  on conflict do nothing;
  administrators := campana.administrators(e.tenant_id);
  if administrators is not null and e.type <> 'system:alert' then
    perform public.publish_event(
      tenant => e.tenant_id::text, type => 'system:alert', audience => administrators,
      data => jsonb_build_object('alert', 'event_set_aside', 'eventId', e.event_id, 'eventType', e.type, 'reason', left(set_aside.reason, 200)),
      dedupe_key => 'poison:' || e.event_id);
  end if;
end;
$$;

-- Notifications whose time is over leave the list and the badge. Holds the tenants' turns, as the
-- dispatcher does: both lock many heads, and one would wait for the other in a circle.
create or replace function campana.expire(at_most integer) returns table (tenant_id uuid, user_ids uuid[])
language plpgsql volatile as $$
#variable_conflict use_column
begin
  return query
  with over as (
    delete from campana.expiring x
    using (
      select y.tenant_id, y.user_id, y.seq from campana.expiring y
      join campana.tenant_turn t using (tenant_id)
      where y.expires_at <= clock_timestamp()
      order by y.expires_at limit at_most
      for update of y, t skip locked
    ) due
    where (x.tenant_id, x.user_id, x.seq) = (due.tenant_id, due.user_id, due.seq)
    returning x.tenant_id, x.user_id, x.seq
  ),
  locked as materialized (
    select h.tenant_id, h.user_id from campana.inbox_head h
    where (h.tenant_id, h.user_id) in (select o.tenant_id, o.user_id from over o)
    order by h.tenant_id, h.user_id
    for update
  ),
  flipped as (
    update campana.inbox i set state = 3
    from over o join locked l using (tenant_id, user_id)
    where i.tenant_id = o.tenant_id and i.user_id = o.user_id and i.seq = o.seq and i.state = 0
    returning i.tenant_id, i.user_id, i.read_at
  ),
  heads as (
    update campana.inbox_head h set rev = h.rev + 1, unread = h.unread - f.unread
    from (select f.tenant_id, f.user_id, count(*) filter (where f.read_at is null)::integer as unread from flipped f group by 1, 2) f
    where h.tenant_id = f.tenant_id and h.user_id = f.user_id
    returning h.tenant_id, h.user_id
  )
  select h.tenant_id, array_agg(h.user_id) from heads h group by h.tenant_id;
end;
$$;

-- How far the badges of `at_most` inboxes are from the truth, added up; must be 0.
create or replace function campana.unread_drift(at_most integer) returns bigint
language sql stable as $$
  select coalesce(sum(abs(h.unread - (
    select count(*) from campana.inbox i
    where i.tenant_id = h.tenant_id and i.user_id = h.user_id and i.seq > h.read_floor
      and i.state = 0 and i.read_at is null))), 0)
  from (select * from campana.inbox_head order by tenant_id, user_id limit at_most) h;
$$;

-- The epoch, drawn anew when this is not the cluster it was drawn for (restored, promoted, copied).
create or replace function campana.check_epoch(renew boolean default false) returns text
language plpgsql volatile security definer set search_path = campana, pg_temp as $$
declare
  system bigint := (select c.system_identifier from pg_control_system() c);
  line   integer := ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer;
  answer text;
begin
  insert into campana.installation as i (epoch, system_identifier, timeline)
  values (encode(substr(uuid_send(gen_random_uuid()), 1, 6), 'hex'), system, line)
  on conflict (only_one) do update
    set epoch = excluded.epoch, system_identifier = excluded.system_identifier, timeline = excluded.timeline
    where renew or i.system_identifier is distinct from system or i.timeline is distinct from line;
  select i.epoch into answer from campana.installation i;
  return answer;
end;
$$;

-- Every tenant has a turn, every user a head, from the first moment.
create or replace function campana.give_turn() returns trigger language plpgsql as $$
begin
  insert into campana.tenant_turn (tenant_id) values (new.id) on conflict do nothing;
  return null;
end;
$$;
create or replace trigger give_turn after insert on campana.tenant
  for each row execute function campana.give_turn();

create or replace function campana.give_heads() returns trigger language plpgsql as $$
begin
  insert into campana.inbox_head (tenant_id, user_id)
  select n.tenant_id, n.id from new_users n on conflict do nothing;
  return null;
end;
$$;
create or replace trigger give_heads after insert on campana.users
  referencing new table as new_users
  for each statement execute function campana.give_heads();
