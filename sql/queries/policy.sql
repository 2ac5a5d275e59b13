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
  where t.tenant_id = :tenant and t.lasting and t.name > :after
    and (
      strpos(translate(t.name, '_:', '  '), :sought) > 0
      or strpos(lower(concat_ws(' ', t.words -> 'es' ->> 'name', t.words -> 'en' ->> 'name')), :sought) > 0)
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
-- For each way to apply a change of a layer: how many people it changes, how many keep their own, with the first
-- names of some. What people said nothing of is looked at once per role, what they chose once per kind of choice (few,
-- however many people); of a person these are then put together as bits, one for each way.
with standing as materialized (
  select * from campana.policy_standing(:tenant, :role, :changes)
), way as (
  select * from (values (1, 1, 'new'), (2, 2, 'unchanged'), (3, 4, 'everybody')) w (place, bit, applies_to)
), own as materialized (
  select u.id as user_id, u.role, p.type, p.value, p.chosen, p.kept, coalesce(a.switched_off, 0) as switched_off
  from campana.user_preference p
  join campana.users u on u.tenant_id = :tenant and u.id = p.user_id and u.active
  left join campana.user_attention a on a.tenant_id = :tenant and a.user_id = u.id
  where p.tenant_id = :tenant
    and p.type in (select s.type from standing s) and u.role in (select s.role from standing s)
  union all
  select u.id, s.role, s.type, 0, 0, 0, a.switched_off
  from campana.user_attention a
  join campana.users u on u.tenant_id = :tenant and u.id = a.user_id and u.active
  join standing s on s.role = u.role
  where a.tenant_id = :tenant and a.switched_off <> 0
    and not exists (
      select from campana.user_preference p
      where p.tenant_id = :tenant and p.user_id = u.id and p.type = s.type)
), kind as (
  select role, type, value, chosen, kept, switched_off from own
  union
  select role, type, 0, 0, 0, 0 from standing
), told as (
  select k.role, k.type, k.value, k.chosen, k.kept, k.switched_off,
    bit_or(w.bit) filter (where e.effect <> before.effect) as changes,
    bit_or(w.bit) filter (where e.effect <> layer.effect) as keeps,
    bit_or(w.bit) filter (where w.applies_to = 'everybody' and k.chosen & ~k.kept & s.bits <> 0) as loses
  from kind k
  join standing s on s.role = k.role and s.type = k.type
  cross join lateral campana.policy_effect(s.masks_before, k.value, k.chosen, s.locked_before, k.switched_off) before
  cross join lateral campana.policy_effect(s.masks_after, k.value, k.chosen & ~s.bits, s.locked_after, k.switched_off) layer
  cross join way w
  cross join lateral campana.policy_choice_after(
    w.applies_to, s.bits, k.value, k.chosen, k.kept, s.masks_before, s.masks_after, s.locked_after) n
  cross join lateral campana.policy_effect(s.masks_after, n.value_after, n.chosen_after, s.locked_after, k.switched_off) e
  group by k.role, k.type, k.value, k.chosen, k.kept, k.switched_off
), beside_usual as materialized (  -- what is usual for a type is its least row; a join would be planned as if there were one
  select t.*, first_value(t.changes) over usual as usual_changes, first_value(t.keeps) over usual as usual_keeps
  from told t
  window usual as (partition by t.role, t.type order by t.value, t.chosen, t.kept, t.switched_off)
), usual_of_role as (
  select u.role, w.place, count(*) filter (where u.changes & w.bit <> 0) as changes, count(*) filter (where u.keeps & w.bit <> 0) as keeps
  from beside_usual u
  cross join way w
  where u.value = 0 and u.chosen = 0 and u.kept = 0 and u.switched_off = 0
  group by u.role, w.place
), mine as (  -- and how many of the types it is about would otherwise have been like everybody's
  select o.user_id, bit_or(t.changes) as changes, bit_or(t.keeps) as keeps, bit_or(t.loses) as loses,
    array[count(*) filter (where t.usual_changes & 1 <> 0), count(*) filter (where t.usual_changes & 2 <> 0),
      count(*) filter (where t.usual_changes & 4 <> 0)] as usual_changes,
    array[count(*) filter (where t.usual_keeps & 1 <> 0), count(*) filter (where t.usual_keeps & 2 <> 0),
      count(*) filter (where t.usual_keeps & 4 <> 0)] as usual_keeps
  from own o
  join beside_usual t on (t.role, t.type, t.value, t.chosen, t.kept, t.switched_off)
    = (o.role, o.type, o.value, o.chosen, o.kept, o.switched_off)
  group by o.user_id
), people as (
  select w.applies_to, split_part(u.name, ' ', 1) as first_name,
    coalesce(m.changes & w.bit, 0) <> 0 or r.changes > coalesce(m.usual_changes[w.place], 0) as changes,
    coalesce(m.keeps & w.bit, 0) <> 0 or r.keeps > coalesce(m.usual_keeps[w.place], 0) as keeps,
    coalesce(m.loses & w.bit, 0) <> 0 as loses
  from campana.users u
  join usual_of_role r on r.role = u.role
  join way w on w.place = r.place
  left join mine m on m.user_id = u.id
  where u.tenant_id = :tenant and u.active
), named as (
  select applies_to, first_name, count(*) as people, count(*) filter (where changes) as changed,
    count(*) filter (where keeps) as kept, count(*) filter (where loses) as lost
  from people
  group by applies_to, first_name
)
select applies_to, sum(changed)::bigint as changed, sum(kept)::bigint as kept, sum(lost)::bigint as lost,
  sum(people)::bigint as people,
  campana.first_five(array_agg(first_name order by first_name) filter (where changed > 0)) as changed_names,
  campana.first_five(array_agg(first_name order by first_name) filter (where kept > 0)) as kept_names,
  campana.first_five(array_agg(first_name order by first_name) filter (where lost > 0)) as lost_names
from named
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
