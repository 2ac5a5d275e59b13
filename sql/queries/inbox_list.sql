-- name: page
-- Visible notifications, newest first.
select
  i.id, i.seq, e.type, e.words, e.priority, e.variant, e.data, e.actions, e.url,
  e.published_at, i.read_at, i.reason, e.subject
from campana.newest_notifications(:tenant, :reader, :before, :unread, :span, :skip) i
join campana.event e on e.tenant_id = i.tenant_id and e.id = i.event_id
order by i.seq desc;

-- name: one^
-- A single notification, unless it is out of sight.
select
  i.id, i.seq, e.type, e.words, e.priority, e.variant, e.data, e.actions, e.url,
  e.published_at, i.read_at, i.reason, e.subject
from campana.place_of(:tenant, :reader, array[:id]::uuid[]) p
join campana.inbox i on i.tenant_id = :tenant and i.user_id = :reader and i.seq = p.seq
join campana.event e on e.tenant_id = i.tenant_id and e.id = i.event_id
where i.state in (0, 1);

-- name: count_visible$
-- How many are visible; counting stops at a cap.
select count(*)
from (
  select from campana.inbox
  where tenant_id = :tenant and user_id = :reader and state = 0
  limit :cap
) counted;

-- name: search
-- Among the newest of a span, those of a type, holding a text. One row at least: it tells
-- how many match and where the span ended (looked_to; null when it reached the oldest).
with looked as materialized (
  select i.* from campana.newest_notifications(:tenant, :reader, :before, :unread, :span, 0) i
),
matching as materialized (
  select i.seq, i.id, i.read_at, i.reason, i.event_id
  from looked i
  join campana.event e on e.tenant_id = i.tenant_id and e.id = i.event_id
  cross join lateral (select campana.words_for(e.words, :locale) as words offset 0) w
  where (:type::text is null or e.type = :type)
    and (
      :text::text is null
      or position(
        campana.folded(:text)
        in campana.folded(concat_ws(' ', w.words ->> 'title', w.words ->> 'message'))
      ) > 0
    )
),
shown as (
  select * from matching order by seq desc limit :limit offset :skip
)
select
  t.total, t.looked_to, i.id, i.seq, e.type, e.words, e.priority, e.variant, e.data, e.actions, e.url,
  e.published_at, i.read_at, i.reason, e.subject
from (
  select
    (select count(*) from matching) as total,
    (select case when count(*) = :span then min(seq) end from looked) as looked_to
) t
left join shown i on true
left join campana.event e on e.tenant_id = :tenant and e.id = i.event_id
order by i.seq desc;

-- name: types
-- Event types among the newest visible notifications.
select distinct e.type
from campana.newest_notifications(:tenant, :reader, :before, false, :span, 0) i
join campana.event e on e.tenant_id = i.tenant_id and e.id = i.event_id
order by e.type;
