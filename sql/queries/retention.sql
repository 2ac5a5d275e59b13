-- name: tenants
-- Whose purge is under way or due, longest ago first.
select t.id, t.slug from campana.tenant t
left join campana.retention r on r.tenant_id = t.id
where r.tenant_id is null or r.stage <> 'done' or r.ended_at < clock_timestamp() - interval '1 hour'
order by r.ended_at nulls first;

-- name: begin$
-- Whether there are steps to do.
select campana.begin_purge(:tenant, :force);

-- name: step^
select stage, notifications, events, user_ids from campana.purge_step(:tenant);

-- name: preview^
select notifications, events from campana.purge_preview(:tenant);
