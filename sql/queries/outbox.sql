-- name: take
-- What some tenants have waiting, at most $2 events each, in order of publication; their turns are ours
-- until the transaction ends.
select o.tenant_id, o.id, o.event_id, o.type, o.rule, o.title, o.message, o.data, o.url, o.actor, o.subject,
  o.collapse_key, o.progress, o.actor_name
from campana.take($1, $2) o;

-- name: tenant^
-- What rendering and planning need of a tenant: how many people, as far as it matters (not beyond
-- $2), which languages they read, and its time zone.
select t.time_zone,
  (select count(*) from (select from campana.users u where u.tenant_id = t.id and u.active limit $2) counted) as population,
  (
    select array_agg(distinct coalesce(u.locale, t.locale))
    from campana.users u where u.tenant_id = t.id
  ) as locales
from campana.tenant t
where t.id = $1;

-- name: fan_out
-- Dispatches outbox rows `ids` with their `words`: events, signals, heads, inbox rows in one statement.
-- Returns per tenant who has news (null: more than 100 users) and which signals to hint at.
with due as (
  delete from campana.outbox o
  using unnest($1::bigint[], $2::jsonb[]) w (id, words)
  where o.id = w.id
  returning o.*, w.words
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
  returning tenant_id, id
),
-- Events for the same audience are one `audience` here: it is evaluated once.
kind as materialized (
  select d.id, d.tenant_id, d.event_id, d.type, d.rule, d.actor, d.expires_at, d.collapse_key,
    dense_rank() over (order by d.tenant_id, d.type, d.rule) as audience
  from due d
  where d.lasting
),
-- Preferences are masks: effective = (r & ~m) | (u & m) with m = chosen & ~locked; campana.recipients() is its twin
-- for one event. No row when the inbox bit is off, never one for the actor. (Written as `<> 0`: with `= 1`
-- the planner expects next to nobody and picks nested loops.)
member as materialized (
  select a.audience, m.user_id, m.reason, e.channels
  from (
    select distinct on (k.audience) k.audience, k.tenant_id, k.type, k.rule,
      campana.default_channels(k.tenant_id, k.type) as channels
    from kind k
    order by k.audience
  ) a
  cross join lateral campana.audience_members(a.tenant_id, a.rule) m
  left join campana.role_preference r on r.tenant_id = a.tenant_id and r.role = m.role and r.type = a.type
  left join campana.user_preference p on p.tenant_id = a.tenant_id and p.user_id = m.user_id and p.type = a.type
  cross join lateral (
    select (coalesce(r.value, a.channels) & ~(coalesce(p.chosen, 0) & ~coalesce(r.locked, 0)))
      | (coalesce(p.value, 0) & coalesce(p.chosen, 0) & ~coalesce(r.locked, 0)) as channels
  ) e
  where e.channels & 1 <> 0
),
-- `back`: the how-manieth of a reader's events in this round, from the last one; the first has the highest.
-- (Users' ids are unique by themselves, and sort faster than behind a tenant's.)
recipient as materialized (
  select k.tenant_id, m.user_id, k.id as ord, k.event_id, k.expires_at, k.collapse_key, m.reason, m.channels,
    row_number() over events as back,
    lead(k.id) over events is null as is_first
  from kind k
  join member m on m.audience = k.audience
  where m.user_id is distinct from k.actor
  window events as (partition by m.user_id order by k.id desc)
),
heads as (
  insert into campana.inbox_head as h (tenant_id, user_id, seq, unread)
  select tenant_id, user_id, back, back from recipient where is_first order by user_id
  on conflict (tenant_id, user_id) do update
    set seq = h.seq + excluded.seq, unread = h.unread + excluded.unread
  returning tenant_id, user_id, seq
),
numbered as materialized (
  select tenant_id, user_id, seq, row_number() over (partition by tenant_id order by user_id) - 1 as number
  from heads
),
-- The last of a reader's events gets the head's seq.
placed as materialized (
  select r.tenant_id, r.user_id, r.event_id, r.expires_at, r.collapse_key, r.reason, r.channels,
    r.ord, n.number / 75 as piece, n.seq + 1 - r.back as seq
  from recipient r
  join numbered n on n.user_id = r.user_id
),
rows as (
  insert into campana.inbox (tenant_id, user_id, id, event_id, seq, channels, reason, collapse_key)
  select tenant_id, user_id, event_id, event_id, seq, channels, reason, collapse_key
  from placed
),
-- Pieces of campana.event_recipients begin at the same users for all events of this round.
places as (
  insert into campana.event_recipients (tenant_id, event_id, first_user, user_ids, seqs)
  select k.tenant_id, k.event_id, n.user_id, g.user_ids, g.seqs
  from (
    -- grouped by plain numbers: where the planner sorts, it sorts those
    select ord, piece, array_agg(user_id) as user_ids, array_agg(seq) as seqs
    from placed
    group by ord, piece
  ) g
  join kind k on k.id = g.ord
  join numbered n on n.tenant_id = k.tenant_id and n.number = g.piece * 75
),
clocks as (
  insert into campana.expiring (tenant_id, user_id, seq, expires_at)
  select tenant_id, user_id, seq, expires_at from placed where expires_at is not null
)
select t.tenant_id,
  (select case when count(*) <= 100 then array_agg(h.user_id) end from heads h where h.tenant_id = t.tenant_id) as user_ids,
  (select array_agg(s.id) from signals s where s.tenant_id = t.tenant_id) as signal_ids
from (select distinct tenant_id from due) t;

-- name: fan_out_one
-- The slow and careful way, see sql/functions/030_dispatch.sql.
select tenant_id, user_ids, signal_ids, written, finished
from campana.fan_out_one($1, $2, $3);

-- name: count_attempt$
-- One more failure of an event; returns how many there were.
update campana.outbox set attempts = attempts + 1 where id = $1 returning attempts;

-- name: set_aside!
select campana.set_aside($1, $2);

-- name: move_due$
-- Scheduled events whose time has come join the queue, in the order they were due. One mover at a time.
with turn as materialized (
  select pg_try_advisory_xact_lock(hashtext('campana.move_due')) as mine
),
due as (
  delete from campana.scheduled s
  using (
    select tenant_id, event_id from campana.scheduled
    where deliver_at <= clock_timestamp() and (select mine from turn)
    order by deliver_at
    limit 500
    for update skip locked
  ) d
  where (s.tenant_id, s.event_id) = (d.tenant_id, d.event_id)
  returning s.*
),
moved as (
  insert into campana.outbox (
    tenant_id, event_id, type, lasting, audience, rule, title, message, data, priority, variant,
    url, actions, actor, subject, collapse_key, expires_at, published_at)
  select tenant_id, event_id, type, lasting, audience, rule, title, message, data, priority, variant,
    url, actions, actor, subject, collapse_key, expires_at, deliver_at
  from due
  order by deliver_at, event_id
  returning 1
)
select count(*) from moved;

-- name: expire
-- Notifications whose time is over.
select tenant_id, user_ids from campana.expire($1);

-- name: beat!
-- Says whether this dispatcher is awake; publishers notify only when none is.
insert into campana.dispatcher (id, awake, beat) values ($1, $2, clock_timestamp())
on conflict (id) do update set awake = excluded.awake, beat = excluded.beat;

-- name: forget_dispatchers!
delete from campana.dispatcher where id = $1 or beat < clock_timestamp() - interval '1 minute';
