-- name: current$
-- Drawn anew when this is not the cluster it was drawn for.
select campana.check_epoch();

-- name: show^
select epoch, system_identifier, timeline from campana.installation;

-- name: renew$
select campana.check_epoch(renew => true);

-- name: cut_listeners$
-- A server whose listener was cut comes back at once, looks at everything, and at the epoch.
select count(*) filter (where pg_terminate_backend(pid))::integer
from pg_stat_activity
where datname = current_database() and application_name = 'campana listener';
