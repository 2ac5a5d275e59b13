-- name: take
-- What some tenants have waiting, at most $3 events each, in order of publication; their turns are $1's until what
-- was taken is written, or for two seconds.
select o.tenant_id, o.id, o.event_id, o.type, o.rule, o.title, o.message, o.data, o.url, o.actor, o.subject,
  o.collapse_key, o.progress, o.actor_name
from campana.take($1, $2, $3, $4) o;

-- name: type_words
-- What tenants say of types of their own.
select t.tenant_id, t.name, t.words, t.icon
from unnest($1::uuid[], $2::text[]) w (tenant_id, name)
join campana.tenant_type t on t.tenant_id = w.tenant_id and t.name = w.name;

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
-- Many events at once, see sql/functions/030_dispatch.sql.
select tenant_id, user_ids, xid, signal_ids, names, event_ids, rules, payloads, hearers, news, alone
from campana.fan_out($1, $2, $3, $4, $5);

-- name: fan_out_one
-- One event by itself, see sql/functions/030_dispatch.sql.
select tenant_id, user_ids, xid, signal_ids, names, event_ids, rules, payloads, hearers, news, alone
from campana.fan_out_one($1, $2, $3, $4, $5, $6);

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
