-- name: head^
-- Counters of an inbox; no row when nothing ever arrived.
select seq, unread, rev, floor
from campana.inbox_head
where tenant_id = :tenant and user_id = :reader;

-- name: read^
-- Mark these as read.
select unread, rev, changed, signal_id from campana.read_notifications(:tenant, :reader, :ids);

-- name: unread^
-- Mark these as not read after all.
select unread, rev, changed, signal_id from campana.unread_notifications(:tenant, :reader, :ids);

-- name: delete^
-- Take these out of sight.
select unread, rev, changed, signal_id from campana.delete_notifications(:tenant, :reader, :ids);

-- name: restore^
-- Take their deletion back.
select unread, rev, changed, signal_id from campana.restore_notifications(:tenant, :reader, :ids);

-- name: read_all^
-- Mark everything up to a seq as read; seqs: what that changed.
select unread, rev, changed, signal_id, coalesce(seqs, '') as seqs from campana.read_all_notifications(:tenant, :reader, :up_to);

-- name: clear^
-- Take everything up to a seq out of sight; seqs: what that changed.
select unread, rev, changed, signal_id, coalesce(seqs, '') as seqs from campana.clear_notifications(:tenant, :reader, :up_to);

-- name: unread_all^
-- Take back what read_all changed.
select unread, rev, changed, signal_id from campana.unread_all_notifications(:tenant, :reader, :seqs::text::int8multirange);

-- name: restore_all^
-- Take back what clear changed.
select unread, rev, changed, signal_id from campana.restore_all_notifications(:tenant, :reader, :seqs::text::int8multirange);

-- name: visit$
-- Remember that a page was looked at: what is new on it counts from here. The signal for the
-- reader's other devices, if that is news.
select campana.visit_page(:tenant, :reader, :page);

-- name: unvisited$
-- How many subjects of a type are new since the page was looked at, up to a cap,
-- among the newest notifications. An event without a subject is one of its own.
select count(*)
from (
  select distinct coalesce(e.subject, e.id::text)
  from (
    select i.event_id from campana.inbox i
    where i.tenant_id = :tenant and i.user_id = :reader and i.state = 0
      and i.seq > coalesce((
        select v.seq from campana.visit v
        where v.tenant_id = :tenant and v.user_id = :reader and v.page = :page
      ), 0)
    order by i.seq desc
    limit :span
  ) i
  join campana.event e on e.tenant_id = :tenant and e.id = i.event_id
  where e.type = :type
  limit :cap
) counted;
