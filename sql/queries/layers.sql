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

-- name: attention_reach^
-- How many people get other hours, days or another lowest priority when this is all that a layer says of
-- them, and how many keep what they chose themselves; with the first names of some.
with wanted as (
  select campana.attention_said(:min_priority::text, :quiet::boolean, :quiet_from::time, :quiet_to::time,
    :work_days::integer, :urgent_breaks_through::boolean) as said
), tenant as (
  select coalesce((
    select campana.attention_said(t.min_priority, t.quiet, t.quiet_from, t.quiet_to, t.work_days, t.urgent_breaks_through)
    from campana.tenant_attention t where t.tenant_id = :tenant), '{}') as said
), roles as materialized (
  select ro.name, usual.said || t.said || r.said as before,
    usual.said || case :role when '' then w.said else t.said end || case :role when ro.name then w.said else r.said end as after
  from campana.role ro
  cross join wanted w
  cross join tenant t
  cross join campana.attention_said('low', false, null, null, 127, true) usual (said)  -- as campana.standing()
  left join campana.role_attention a on a.tenant_id = :tenant and a.role = ro.name
  cross join lateral campana.attention_said(
    a.min_priority, a.quiet, a.quiet_from, a.quiet_to, a.work_days, a.urgent_breaks_through) r (said)
  where ro.tenant_id = :tenant and :role in ('', ro.name)
), differing as materialized (
  select name, before, after, (
    select jsonb_object_agg(key, value) from jsonb_each(after) where before -> key is distinct from value) as becomes
  from roles
  where before <> after
), people as (
  select split_part(u.name, ' ', 1) as first_name, d.before || own.said <> d.after || own.said as changes,
    not d.becomes || own.said @> d.becomes as keeps
  from campana.users u
  join differing d on d.name = u.role
  left join campana.user_attention a on a.tenant_id = :tenant and a.user_id = u.id
  cross join lateral (select case when a.user_id is null then '{}' else campana.attention_said(
    a.min_priority, a.quiet, a.quiet_from, a.quiet_to, a.work_days, a.urgent_breaks_through) end) own (said)
  where u.tenant_id = :tenant and u.active
)
select count(*) filter (where changes) as changed, count(*) filter (where keeps) as kept, 0 as lost, count(*) as people,
  campana.first_five(array_agg(distinct first_name) filter (where changes)) as changed_names,
  campana.first_five(array_agg(distinct first_name) filter (where keeps)) as kept_names, null::text[] as lost_names
from people;
