-- name: page
-- Visible notifications, newest first.
select
  i.id, i.seq, e.type, e.words, e.priority, e.variant, e.data, e.actions, e.url,
  e.published_at, i.read_at, i.state, i.reason, e.subject,
  (select u.name from campana.users u where u.tenant_id = :tenant and u.id = e.actor) as actor_name,
  exists (
    select from campana.user_mute m
    where m.tenant_id = :tenant and m.subject = e.subject and m.user_id = :reader) as is_muted
from campana.newest_notifications(:tenant, :reader, :before, :unread, :span, :skip) i
join campana.event e on e.tenant_id = i.tenant_id and e.id = i.event_id
order by i.seq desc;

-- name: some
-- These, in whatever state, newest first.
select
  i.id, i.seq, e.type, e.words, e.priority, e.variant, e.data, e.actions, e.url,
  e.published_at, i.read_at, i.state, i.reason, e.subject,
  (select u.name from campana.users u where u.tenant_id = :tenant and u.id = e.actor) as actor_name,
  exists (
    select from campana.user_mute m
    where m.tenant_id = :tenant and m.subject = e.subject and m.user_id = :reader) as is_muted
from campana.place_of(:tenant, :reader, :ids) p
join campana.inbox i on i.tenant_id = :tenant and i.user_id = :reader and i.seq = p.seq
join campana.event e on e.tenant_id = i.tenant_id and e.id = i.event_id
order by i.seq desc;

-- name: count_visible$
-- How many are visible; counting stops at a cap.
select count(*)
from (
  select from campana.inbox
  where tenant_id = :tenant and user_id = :reader and state = 0
  limit :cap
) counted;

-- name: search
-- Those that match all filters, newest first. One row at least: it tells how many match as far as
-- the look went, and where it ended (looked_to; null when it reached the oldest).
with found as materialized (
  select f.seqs, f.looked_to
  from campana.look_for(
    :tenant, :reader, :before, campana.sought(:tenant, :locale, :text), :unread, :deleted, :type, :priority,
    :skip::integer + :limit, :near, :far, :known) f
  where :text::text is null or campana.sought(:tenant, :locale, :text) is not null
)
select
  coalesce(cardinality(f.seqs), 0) as total, f.looked_to,
  i.id, i.seq, e.type, e.words, e.priority, e.variant, e.data, e.actions, e.url,
  e.published_at, i.read_at, i.state, i.reason, e.subject,
  (select u.name from campana.users u where u.tenant_id = :tenant and u.id = e.actor) as actor_name,
  exists (
    select from campana.user_mute m
    where m.tenant_id = :tenant and m.subject = e.subject and m.user_id = :reader) as is_muted
from (select) one
left join found f on true
left join lateral unnest(f.seqs[:skip::integer + 1 : :skip::integer + :limit::integer]) shown (seq) on true
left join campana.inbox i on i.tenant_id = :tenant and i.user_id = :reader and i.seq = shown.seq
left join campana.event e on e.tenant_id = :tenant and e.id = i.event_id
order by i.seq desc;

-- name: kinds
-- Event types and priorities among the newest visible notifications.
select array_agg(distinct e.type) as types, array_agg(distinct e.priority) as priorities
from campana.newest_notifications(:tenant, :reader, :before, false, :span, 0) i
join campana.event e on e.tenant_id = i.tenant_id and e.id = i.event_id;
