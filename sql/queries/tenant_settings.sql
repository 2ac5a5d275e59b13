-- name: read^
select t.name, t.time_zone, t.locale, s.retention_days, s.keep_unread, s.most_connections, s.most_latency, s.most_errors,
  s.most_reconnections, s.unanswered_after, s.hot_lead_score, s.follow_up_after, s.slow_response, s.most_unanswered,
  s.least_conversion, s.conversion_counts_from
from campana.tenant t
join campana.tenant_settings s on s.tenant_id = t.id
where t.id = :tenant;

-- name: lock!
-- Nobody else changes them meanwhile.
select from campana.tenant
where id = :tenant
for no key update;

-- name: write!
with named as (
  update campana.tenant set name = :name, time_zone = :time_zone, locale = :locale
  where id = :tenant
)
update campana.tenant_settings
set retention_days = :retention_days, keep_unread = :keep_unread, most_connections = :most_connections,
  most_latency = :most_latency, most_errors = :most_errors, most_reconnections = :most_reconnections,
  unanswered_after = :unanswered_after, hot_lead_score = :hot_lead_score, follow_up_after = :follow_up_after,
  slow_response = :slow_response, most_unanswered = :most_unanswered, least_conversion = :least_conversion,
  conversion_counts_from = :conversion_counts_from
where tenant_id = :tenant;
