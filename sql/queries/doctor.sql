-- name: server^
-- Which PostgreSQL answers, and as whom.
select
  current_setting('server_version_num')::integer as number,
  split_part(current_setting('server_version'), ' ', 1) as version,
  pg_is_in_recovery() as is_standby,
  current_setting('fsync') as fsync,
  current_setting('full_page_writes') as full_page_writes,
  current_setting('synchronous_commit') as synchronous_commit;

-- name: backend$
-- Behind a transaction pooler this changes under one and the same connection.
select pg_backend_pid();

-- name: clock$
select extract(epoch from clock_timestamp())::float;

-- name: notify_queue$
-- 0 to 1; at 1 every NOTIFY fails.
select pg_notification_queue_usage();

-- name: room^
-- How many connections the server takes, and how many of them are taken.
select
  current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer as most,
  (select count(*) from pg_stat_activity where backend_type = 'client backend')::integer as taken;

-- name: sees_somebody$
-- Through a request's connection without a tenant this must be false.
select exists (select from campana.users) or exists (select from campana.tenant);

-- name: open_tables
-- Tables with a tenant whose rows are not behind forced row-level security.
select c.relname as name
from pg_class c
where c.relnamespace = 'campana'::regnamespace
  and c.relkind in ('r', 'p')
  and (c.relname = 'tenant' or exists (
    select from pg_attribute a
    where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped))
  and not (c.relrowsecurity and c.relforcerowsecurity and exists (
    select from pg_policy p where p.polrelid = c.oid))
order by c.relname;

-- name: guarded_tables$
select count(*)::integer
from pg_class c
where c.relnamespace = 'campana'::regnamespace and c.relrowsecurity and c.relforcerowsecurity;

-- name: unwalled_roles
-- Roles of requests for whom row-level security does not count.
select r.rolname as name
from pg_roles r
where r.rolname = any(:names::text[])
  and (r.rolsuper or r.rolbypassrls);

-- name: missing_roles
select n.name
from unnest(:names::text[]) as n (name)
where not exists (select from pg_roles r where r.rolname = n.name);

-- name: publisher_rights^
-- What the publishing role may do that it must, and what it must not.
select
  has_schema_privilege(:role::name, 'public', 'usage')
    and bool_and(has_function_privilege(:role::name, p.oid, 'execute')) as may_publish,
  has_schema_privilege(:role::name, 'campana', 'usage') as may_look_around
from pg_proc p
where p.pronamespace = 'public'::regnamespace and p.proname = 'publish_event';

-- name: lacking_rights
-- What sql/functions/900_rights.sql gave and somebody took: of tables and functions, role by role; of what
-- requests touch directly only what every page asks for.
select format('%s may not %s %s', w.role, w.what, c.relname) as says
from pg_class c
cross join lateral (
  select r.role, p.what
  from unnest(array[:bus, :auth]::text[]) as r (role), unnest(array['select', 'insert', 'update', 'delete']) as p (what)
  where c.relname not in ('migration', 'role_mapping')
  union all
  select :web::text, 'select'
  where c.relname in ('tenant', 'role', 'users', 'inbox', 'inbox_head', 'event', 'event_words', 'tenant_settings')
) w
where c.relnamespace = 'campana'::regnamespace and c.relkind in ('r', 'p')
  and not has_table_privilege(w.role::name, c.oid, w.what)
union
select format('%s may not call %s()', r.role, p.proname)
from pg_proc p, unnest(array[:web, :bus, :auth]::text[]) as r (role)
where p.pronamespace = 'campana'::regnamespace and p.prokind in ('f', 'p')
  and not has_function_privilege(r.role::name, p.oid, 'execute')
order by says;

-- name: corridor^
-- What waits, since when, who dispatches, and what was set aside.
select
  (select count(*) from (select from campana.outbox limit 100000) counted)::integer as waiting,
  (select extract(epoch from clock_timestamp() - o.published_at)::float from campana.outbox o order by o.id limit 1) as oldest,
  (select extract(epoch from clock_timestamp() - max(d.beat))::float from campana.dispatcher d) as silence,
  (select count(*) from campana.poison)::integer as set_aside;
