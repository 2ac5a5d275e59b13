-- name: types
-- Lasting types, built-in ones first, then the tenant's own after :after. :known are built-in names to show.
(
  select b.name, b.channels, false as is_own
  from campana.builtin_type b
  where b.lasting and :after = '' and b.name = any (:known::text[])
  order by b.name
)
union all
(
  select t.name, t.channels, true
  from campana.tenant_type t
  where t.tenant_id = :tenant and t.lasting and t.name > :after and strpos(translate(t.name, '_:', '  '), :sought) > 0
  order by t.name
  limit :limit
);

-- name: masks
-- What the tenant (role '') and one role say of these types.
select '' as role, type, value, chosen, locked, reason
from campana.tenant_preference
where tenant_id = :tenant and type = any (:types::text[])
union all
select role, type, value, chosen, locked, reason
from campana.role_preference
where tenant_id = :tenant and role = :role and type = any (:types::text[]);

-- name: defaults
-- The channels these types use by themselves; no row for one that leaves no notifications.
select name as type, channels
from campana.builtin_type
where lasting and name = any (:types::text[])
union all
select name, channels
from campana.tenant_type
where tenant_id = :tenant and lasting and name = any (:types::text[]);

-- name: said
-- How many types each layer says something of; role '' is the tenant.
select '' as role, count(*) as types
from campana.tenant_preference where tenant_id = :tenant
union all
select role, count(*)
from campana.role_preference where tenant_id = :tenant
group by role;

-- name: reach
-- For each way to apply a change of a layer: how many people it changes, how many keep their own, with
-- the first names of some. What people said nothing of is looked at once per role, not one by one.
with standing as materialized (
  select * from campana.policy_standing(:tenant, :role, :changes)
), choices as (
  select null::uuid as user_id, s.*, 0 as value, 0 as chosen, 0 as kept, 0 as switched_off
  from standing s
  union all
  select u.id, s.*, p.value, p.chosen, p.kept, coalesce(a.switched_off, 0)
  from campana.user_preference p
  join campana.users u on u.tenant_id = :tenant and u.id = p.user_id and u.active
  join standing s on s.role = u.role and s.type = p.type
  left join campana.user_attention a on a.tenant_id = :tenant and a.user_id = u.id
  where p.tenant_id = :tenant
  union all
  select u.id, s.*, 0, 0, 0, a.switched_off
  from campana.user_attention a
  join campana.users u on u.tenant_id = :tenant and u.id = a.user_id and u.active
  join standing s on s.role = u.role
  where a.tenant_id = :tenant and a.switched_off <> 0
    and not exists (
      select from campana.user_preference p
      where p.tenant_id = :tenant and p.user_id = u.id and p.type = s.type)
), told as materialized (
  select c.user_id, c.role, c.type, w.applies_to, e.effect <> before.effect as changes, e.effect <> layer.effect as keeps,
    w.applies_to = 'everybody' and c.chosen & ~c.kept & c.bits <> 0 as loses
  from choices c
  cross join lateral campana.policy_effect(c.masks_before, c.value, c.chosen, c.locked_before, c.switched_off) before
  cross join lateral campana.policy_effect(c.masks_after, c.value, c.chosen & ~c.bits, c.locked_after, c.switched_off) layer
  cross join unnest(array['new', 'unchanged', 'everybody']) as w (applies_to)
  cross join lateral campana.policy_choice_after(
    w.applies_to, c.bits, c.value, c.chosen, c.kept, c.masks_before, c.masks_after, c.locked_after) n
  cross join lateral campana.policy_effect(c.masks_after, n.value_after, n.chosen_after, c.locked_after, c.switched_off) e
), usual as (
  select role, applies_to, count(*) filter (where changes) as changes, count(*) filter (where keeps) as keeps
  from told
  where user_id is null
  group by role, applies_to
), own as (  -- and how many of the types it is about would otherwise have been like everybody's
  select t.user_id, t.applies_to, bool_or(t.changes) as changes, bool_or(t.keeps) as keeps, bool_or(t.loses) as loses,
    count(*) filter (where u.changes) as usual_changes, count(*) filter (where u.keeps) as usual_keeps
  from told t
  join told u on u.user_id is null and u.role = t.role and u.type = t.type and u.applies_to = t.applies_to
  where t.user_id is not null
  group by t.user_id, t.applies_to
), people as (
  select r.applies_to, split_part(u.name, ' ', 1) as first_name,
    coalesce(o.changes, false) or r.changes > coalesce(o.usual_changes, 0) as changes,
    coalesce(o.keeps, false) or r.keeps > coalesce(o.usual_keeps, 0) as keeps,
    coalesce(o.loses, false) as loses
  from campana.users u
  join usual r on r.role = u.role
  left join own o on o.user_id = u.id and o.applies_to = r.applies_to
  where u.tenant_id = :tenant and u.active
)
select applies_to, count(*) filter (where changes) as changed, count(*) filter (where keeps) as kept,
  count(*) filter (where loses) as lost, count(*) as people,
  campana.first_five(array_agg(distinct first_name) filter (where changes)) as changed_names,
  campana.first_five(array_agg(distinct first_name) filter (where keeps)) as kept_names,
  campana.first_five(array_agg(distinct first_name) filter (where loses)) as lost_names
from people
group by applies_to;

-- name: touch$
-- Brings people's own choices to where the change leaves them, and remembers what they were; how many.
-- Asked before the layer itself is written.
with standing as materialized (
  select * from campana.policy_standing(:tenant, :role, :changes)
), choices as (
  select u.id as user_id, s.type, s.bits, coalesce(p.value, 0) as value, coalesce(p.chosen, 0) as chosen, coalesce(p.kept, 0) as kept, n.*
  from standing s
  join campana.users u on u.tenant_id = :tenant and u.role = s.role
  left join campana.user_preference p on p.tenant_id = :tenant and p.user_id = u.id and p.type = s.type
  cross join lateral campana.policy_choice_after(
    :applies_to, s.bits, coalesce(p.value, 0), coalesce(p.chosen, 0), coalesce(p.kept, 0), s.masks_before, s.masks_after, s.locked_after) n
  where (n.chosen_after, n.kept_after) <> (coalesce(p.chosen, 0), coalesce(p.kept, 0))
  limit :most
), remembered as (
  insert into campana.policy_choice (tenant_id, change_id, user_id, type, bits, value, chosen, kept)
  select :tenant, :change, user_id, type, bits, value, chosen, kept from choices
), gone as (
  delete from campana.user_preference p
  using choices c
  where p.tenant_id = :tenant and p.user_id = c.user_id and p.type = c.type and c.chosen_after = 0
), written as (
  insert into campana.user_preference as p (tenant_id, user_id, type, value, chosen, kept)
  select :tenant, user_id, type, value_after, chosen_after, kept_after from choices where chosen_after <> 0
  on conflict (tenant_id, user_id, type) do update
  set value = excluded.value, chosen = excluded.chosen, kept = excluded.kept
)
select count(*) from choices;

-- name: restore!
-- Own choices as they were before a change; what somebody chose since stays.
with back as (
  select c.user_id, c.type, b.bits, c.value, c.chosen, c.kept,
    coalesce(p.value, 0) as now_value, coalesce(p.chosen, 0) as now_chosen, coalesce(p.kept, 0) as now_kept
  from campana.policy_choice c
  left join campana.user_preference p on p.tenant_id = :tenant and p.user_id = c.user_id and p.type = c.type
  cross join lateral (select c.bits & ~(coalesce(p.chosen, 0) & ~coalesce(p.kept, 0)) as bits) b
  where c.tenant_id = :tenant and c.change_id = :change
), gone as (
  delete from campana.user_preference p
  using back b
  where p.tenant_id = :tenant and p.user_id = b.user_id and p.type = b.type
    and (b.now_chosen & ~b.bits) | (b.chosen & b.bits) = 0
)
insert into campana.user_preference as p (tenant_id, user_id, type, value, chosen, kept)
select :tenant, user_id, type, (now_value & ~bits) | (value & bits), (now_chosen & ~bits) | (chosen & bits), (now_kept & ~bits) | (kept & bits)
from back
where (now_chosen & ~bits) | (chosen & bits) <> 0
on conflict (tenant_id, user_id, type) do update
set value = excluded.value, chosen = excluded.chosen, kept = excluded.kept;

-- name: write_tenant!
-- All of what the tenant says of these types; nothing at all removes the row.
with said as (
  select * from jsonb_to_recordset(:changes) as c (type text, value integer, chosen integer, locked integer, reason text)
), gone as (
  delete from campana.tenant_preference p
  using said s
  where p.tenant_id = :tenant and p.type = s.type and s.chosen = 0 and s.locked = 0
)
insert into campana.tenant_preference (tenant_id, type, value, chosen, locked, reason)
select :tenant, type, value, chosen, locked, reason from said
where chosen <> 0 or locked <> 0
on conflict (tenant_id, type) do update
set value = excluded.value, chosen = excluded.chosen, locked = excluded.locked, reason = excluded.reason;

-- name: write_role!
with said as (
  select * from jsonb_to_recordset(:changes) as c (type text, value integer, chosen integer, locked integer, reason text)
), gone as (
  delete from campana.role_preference p
  using said s
  where p.tenant_id = :tenant and p.role = :role and p.type = s.type and s.chosen = 0 and s.locked = 0
)
insert into campana.role_preference (tenant_id, role, type, value, chosen, locked, reason)
select :tenant, :role, type, value, chosen, locked, reason from said
where chosen <> 0 or locked <> 0
on conflict (tenant_id, role, type) do update
set value = excluded.value, chosen = excluded.chosen, locked = excluded.locked, reason = excluded.reason;

-- name: remember$
-- A change that can be taken back; what it would take for older ones is let go. The id.
with gone as (
  delete from campana.policy_choice where tenant_id = :tenant
)
insert into campana.policy_change (tenant_id, id, role, applies_to, actor, before, after, people)
values (:tenant, campana.uuid7(), :role, :applies_to, :actor, :before, :after, :people)
returning id;

-- name: last^
-- The newest change, whether it was taken back or not.
select id, role, applies_to, actor, at, before, after, people, undone_at,
  (select count(distinct c.user_id) from campana.policy_choice c where c.tenant_id = p.tenant_id and c.change_id = p.id) as touched
from campana.policy_change p
where tenant_id = :tenant and at > now() - :age::interval
order by id desc limit 1;

-- name: undone!
update campana.policy_change set undone_at = now() where tenant_id = :tenant and id = :id;

-- name: forget_choices!
delete from campana.policy_choice where tenant_id = :tenant and change_id = :change;

-- name: forget_old!
-- Changes that are too old to be taken back; the audit keeps what they were.
delete from campana.policy_change where at < now() - :age::interval;
