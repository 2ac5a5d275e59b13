-- name: count_up!
-- What a process has counted, see sql/functions/083_statistics.sql.
select campana.count_up($1, $2);

-- name: count_recipients
select event_id, recipients from campana.count_recipients($1, $2);

-- name: watch$
-- Counts connections and raises alerts; how many.
select campana.watch();

-- name: forget_old!
with minutes as (
  delete from campana.statistic where span = 'minute' and at < now() - interval '2 days'
), hours as (
  delete from campana.statistic where span = 'hour' and at < now() - interval '100 days'
)
delete from campana.statistic_of_type where at < now() - interval '100 days';

-- name: series
-- What happened per minute or hour, oldest first; times where nothing did are left out.
select at, events, notifications, connections, opened, greatest(reopened, 0) as reopened, requests, errors, campana.latency_of(latency, 0.5) as p50,
  campana.latency_of(latency, 0.95) as p95
from campana.statistic
where tenant_id = :tenant and span = :span and at >= :since
order by at;

-- name: days
-- The same per day where the reader is.
select date_trunc('day', at, :zone) as at, sum(events) as events, sum(notifications) as notifications,
  max(connections) as connections, sum(opened) as opened, greatest(sum(reopened), 0) as reopened, sum(requests) as requests,
  sum(errors) as errors, campana.latency_of(campana.sum_of(latency), 0.5) as p50,
  campana.latency_of(campana.sum_of(latency), 0.95) as p95
from campana.statistic
where tenant_id = :tenant and span = 'hour' and at >= :since
group by 1
order by 1;

-- name: whole^
-- All of it together; the latency that so many of a hundred events did not exceed, in milliseconds.
select coalesce(sum(events), 0) as events, coalesce(sum(notifications), 0) as notifications,
  coalesce(max(connections), 0) as connections, coalesce(sum(opened), 0) as opened,
  greatest(sum(reopened), 0) as reopened, coalesce(sum(requests), 0) as requests, coalesce(sum(errors), 0) as errors,
  campana.latency_of(campana.sum_of(latency), 0.5) as p50, campana.latency_of(campana.sum_of(latency), 0.95) as p95,
  campana.latency_of(campana.sum_of(latency), 0.99) as p99
from campana.statistic
where tenant_id = :tenant and span = :span and at >= :since;

-- name: types
-- Per type, the most frequent first.
select type, sum(events) as events, sum(notifications) as notifications
from campana.statistic_of_type
where tenant_id = :tenant and at >= date_trunc('hour', :since::timestamptz, 'UTC')
group by type
order by events desc, type
limit :most;

-- name: unread
-- Who has the most unread; everybody's together.
select u.id, u.name, u.email, h.unread, sum(h.unread) over () as all_unread, count(*) over () as people
from campana.inbox_head h
join campana.users u on u.tenant_id = h.tenant_id and u.id = h.user_id and u.active
where h.tenant_id = :tenant and h.unread > 0
order by h.unread desc, u.id
limit :most;

-- name: alerts
-- What is out of bounds now.
select kind, value, bound, raised_at from campana.alert
where tenant_id = :tenant
order by raised_at;
