-- name: claim
-- Tenants with events waiting whose turn nobody has, longest unserved first. Their order inside a
-- tenant is kept because only the holder of its turn dispatches it.
with recursive waiting as (
  -- one index probe per waiting tenant, however long its queue
  (select tenant_id from campana.outbox order by tenant_id, id limit 1)
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
  order by t.served_at
  limit $1
  for update skip locked
)
update campana.tenant_turn t
set served_at = clock_timestamp()
from turn
where t.tenant_id = turn.tenant_id
returning t.tenant_id;

-- name: due
-- What the claimed tenants have waiting, in order of publication, at most $2 each. A statement of
-- its own: its snapshot must be younger than the claim.
select o.tenant_id, o.id, o.event_id, o.type, o.rule, o.title, o.message, o.data, o.url, o.actor, o.subject,
  o.collapse_key, o.progress,
  (select u.name from campana.users u where u.tenant_id = o.tenant_id and u.id = o.actor) as actor_name
from unnest($1::uuid[]) t (tenant_id)
cross join lateral (
  select * from campana.outbox o where o.tenant_id = t.tenant_id order by o.id limit $2
) o
order by o.tenant_id, o.id;

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
-- Preferences are masks: effective = (r & ~m) | (u & m) with m = chosen & ~locked; campana.recipients() is its twin
-- for one event. No row when the inbox bit is off, never one for the actor. (Written as `<> 0`: with `= 1`
-- the planner expects next to nobody and picks nested loops.)
kind as materialized (
  select d.id, d.tenant_id, d.event_id, d.type, d.rule, d.actor, d.expires_at, d.collapse_key,
    campana.default_channels(d.tenant_id, d.type) as channels
  from due d
  where d.lasting
),
recipient as materialized (
  select k.tenant_id, m.user_id, k.id as ord, k.event_id, k.expires_at, k.collapse_key, m.reason, e.channels
  from kind k
  cross join lateral campana.audience_members(k.tenant_id, k.rule) m
  join campana.users u on u.tenant_id = k.tenant_id and u.id = m.user_id
  left join campana.role_preference r on r.tenant_id = k.tenant_id and r.role = u.role and r.type = k.type
  left join campana.user_preference p on p.tenant_id = k.tenant_id and p.user_id = m.user_id and p.type = k.type
  cross join lateral (
    select (coalesce(r.value, k.channels) & ~(coalesce(p.chosen, 0) & ~coalesce(r.locked, 0)))
      | (coalesce(p.value, 0) & coalesce(p.chosen, 0) & ~coalesce(r.locked, 0)) as channels
  ) e
  where e.channels & 1 <> 0 and m.user_id is distinct from k.actor
),
per_user as materialized (
  select tenant_id, user_id, count(*)::integer as n
  from recipient
  group by tenant_id, user_id
  order by tenant_id, user_id
),
heads as (
  insert into campana.inbox_head as h (tenant_id, user_id, seq, unread)
  select tenant_id, user_id, n, n from per_user order by tenant_id, user_id
  on conflict (tenant_id, user_id) do update
    set seq = h.seq + excluded.seq, unread = h.unread + excluded.unread
  returning tenant_id, user_id, seq
),
-- Pieces of campana.event_recipients begin at the same users for all events of this round.
piece as materialized (
  select tenant_id, user_id, seq, number / 75 as piece,
    first_value(user_id) over (partition by tenant_id, number / 75 order by number) as first_user
  from (
    select tenant_id, user_id, seq,
      row_number() over (partition by tenant_id order by user_id) - 1 as number
    from heads
  ) numbered
),
-- The last of a reader's events gets the head's seq. (Users' ids are unique by themselves.)
placed as materialized (
  select r.tenant_id, r.user_id, r.event_id, r.expires_at, r.collapse_key, r.reason, r.channels,
    r.ord, p.piece, p.first_user,
    p.seq + 1 - row_number() over (partition by r.user_id order by r.ord desc) as seq
  from recipient r
  join piece p using (tenant_id, user_id)
),
rows as (
  insert into campana.inbox (tenant_id, user_id, id, event_id, seq, channels, reason, collapse_key)
  select tenant_id, user_id, event_id, event_id, seq, channels, reason, collapse_key
  from placed
),
places as (
  insert into campana.event_recipients (tenant_id, event_id, first_user, user_ids, seqs)
  select k.tenant_id, k.event_id, g.first_user, g.user_ids, g.seqs
  from (
    -- grouped by plain numbers: where the planner sorts, it sorts those
    select ord, (array_agg(first_user))[1] as first_user, array_agg(user_id) as user_ids, array_agg(seq) as seqs
    from placed
    group by ord, piece
  ) g
  join kind k on k.id = g.ord
),
clocks as (
  insert into campana.expiring (tenant_id, user_id, seq, expires_at)
  select tenant_id, user_id, seq, expires_at from placed where expires_at is not null
)
select t.tenant_id,
  (select case when count(*) <= 100 then array_agg(p.user_id) end from per_user p where p.tenant_id = t.tenant_id) as user_ids,
  (select array_agg(s.id) from signals s where s.tenant_id = t.tenant_id) as signal_ids,
  (select coalesce(sum(p.n), 0)::integer from per_user p where p.tenant_id = t.tenant_id) as written
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
