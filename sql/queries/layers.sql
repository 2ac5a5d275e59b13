-- name: masks
-- What the tenant (role '') and its roles say of types.
select '' as role, type, value, chosen, locked, reason
from campana.tenant_preference where tenant_id = :tenant
union all
select role, type, value, chosen, locked, reason
from campana.role_preference where tenant_id = :tenant
order by role, type;

-- name: attentions
-- What the tenant (role '') and its roles say of attention.
select '' as role, min_priority, quiet, quiet_from, quiet_to, work_days, urgent_breaks_through
from campana.tenant_attention where tenant_id = :tenant
union all
select role, min_priority, quiet, quiet_from, quiet_to, work_days, urgent_breaks_through
from campana.role_attention where tenant_id = :tenant
order by role;

-- name: last_change^
-- Who changed the layers last, and when.
select actor, at from campana.audit
where tenant_id = :tenant and action in ('layer.masks', 'layer.attention')
order by id desc limit 1;

-- name: knows_role$
select exists (select from campana.role where tenant_id = :tenant and name = :role);

-- name: knows_type$
select exists (select from campana.builtin_type where name = :type and lasting)
  or exists (select from campana.tenant_type where tenant_id = :tenant and name = :type and lasting);

-- name: set_tenant!
-- All of what the tenant says of a type; nothing at all removes the row.
with gone as (
  delete from campana.tenant_preference
  where tenant_id = :tenant and type = :type and :chosen::integer = 0 and :locked::integer = 0
)
insert into campana.tenant_preference (tenant_id, type, value, chosen, locked, reason)
select :tenant, :type, :value::integer, :chosen::integer, :locked::integer, :reason
where :chosen::integer <> 0 or :locked::integer <> 0
on conflict (tenant_id, type) do update
set value = excluded.value, chosen = excluded.chosen, locked = excluded.locked, reason = excluded.reason;

-- name: set_role!
with gone as (
  delete from campana.role_preference
  where tenant_id = :tenant and role = :role and type = :type and :chosen::integer = 0 and :locked::integer = 0
)
insert into campana.role_preference (tenant_id, role, type, value, chosen, locked, reason)
select :tenant, :role, :type, :value::integer, :chosen::integer, :locked::integer, :reason
where :chosen::integer <> 0 or :locked::integer <> 0
on conflict (tenant_id, role, type) do update
set value = excluded.value, chosen = excluded.chosen, locked = excluded.locked, reason = excluded.reason;

-- name: attend_tenant!
insert into campana.tenant_attention (
  tenant_id, min_priority, quiet, quiet_from, quiet_to, work_days, urgent_breaks_through)
values (:tenant, :min_priority, :quiet, :quiet_from, :quiet_to, :work_days, :urgent_breaks_through)
on conflict (tenant_id) do update
set min_priority = excluded.min_priority, quiet = excluded.quiet, quiet_from = excluded.quiet_from,
  quiet_to = excluded.quiet_to, work_days = excluded.work_days, urgent_breaks_through = excluded.urgent_breaks_through;

-- name: attend_role!
insert into campana.role_attention (
  tenant_id, role, min_priority, quiet, quiet_from, quiet_to, work_days, urgent_breaks_through)
values (:tenant, :role, :min_priority, :quiet, :quiet_from, :quiet_to, :work_days, :urgent_breaks_through)
on conflict (tenant_id, role) do update
set min_priority = excluded.min_priority, quiet = excluded.quiet, quiet_from = excluded.quiet_from,
  quiet_to = excluded.quiet_to, work_days = excluded.work_days, urgent_breaks_through = excluded.urgent_breaks_through;

-- name: lock_tenant$
-- Two administrators at once: one after the other.
select pg_advisory_xact_lock(hashtextextended('campana.layers ' || :tenant::text, 0));

-- name: tell$
-- Open pages of everybody concerned hear that a layer changed; the id to hint at.
insert into campana.signal (tenant_id, name, rule, payload)
values (:tenant, 'preferences:changed', :rule, campana.live_payload(campana.uuid7(), 'preferences:changed',
  '{"": {}}', '{}', 'low', 'info', null, null, null, null, now()))
returning id;
