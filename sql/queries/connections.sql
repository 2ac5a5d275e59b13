-- name: tell
-- What came and went on this process since it told last, see sql/functions/082_connections.sql.
select is_new, closing from campana.tell_connections($1, $2, $3, $4);

-- name: forget_processes!
-- Those that have been silent for so long.
select campana.forget_processes($1);

-- name: retire!
-- A process leaves, with all its streams.
with left_behind as (
  delete from campana.connection where process_id = $1
)
delete from campana.process where id = $1;

-- name: has_neighbours$
-- Whether a process of this host has been heard of lately.
select exists (
  select from campana.process
  where split_part(name, ':', 1) = $1
  and beat > clock_timestamp() - interval '10 seconds'
);

-- name: page
-- Open streams, the youngest first; of processes that live.
select c.id, c.user_id, u.name, u.email, u.role, b.name as branch, c.kind, c.credential, c.address, c.agent, c.since,
  c.is_closing, p.name as process,
  coalesce(k.name, i.issuer) as credential_name,
  array(
    select s.topic from campana.topic_subscription s
    where s.tenant_id = c.tenant_id and s.user_id = c.user_id
    order by s.topic
    limit 100
  ) as topics
from campana.connection c
join campana.process p on p.id = c.process_id and p.beat > clock_timestamp() - interval '10 seconds'
join campana.users u on u.tenant_id = c.tenant_id and u.id = c.user_id
left join campana.branch b on b.tenant_id = u.tenant_id and b.id = u.branch_id
left join campana.api_key k on k.tenant_id = c.tenant_id and k.id = c.key_id
left join campana.token_issuer i on i.tenant_id = c.tenant_id and i.id = c.key_id
where c.tenant_id = :tenant
  and (:user_id::uuid is null or c.user_id = :user_id)
  and (:role::text is null or u.role = :role)
  and (:sought::text is null or strpos(unaccent(lower(u.name)) || ' ' || u.email, unaccent(lower(:sought))) > 0)
  and (:before_since::timestamptz is null or (c.since, c.id) < (:before_since, :before_id::uuid))
order by c.since desc, c.id desc
limit :limit;

-- name: totals^
select count(*) as connections, count(distinct c.user_id) as people, count(distinct c.process_id) as processes,
  count(*) filter (where c.kind = 'html') as pages
from campana.connection c
join campana.process p on p.id = c.process_id and p.beat > clock_timestamp() - interval '10 seconds'
where c.tenant_id = :tenant;

-- name: close^
-- Its process closes it within a second; no row: there is no such connection (any more).
update campana.connection c set is_closing = true
from campana.users u
where c.tenant_id = :tenant and c.id = :id and u.tenant_id = c.tenant_id and u.id = c.user_id
returning u.id as user_id, u.email, c.agent, c.address;
