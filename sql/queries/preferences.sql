-- name: types
-- Every lasting type with what the layers say of it to this person.
select k.name as type, k.channels, t.value as tenant_value, t.chosen as tenant_chosen, t.locked as tenant_locked, t.reason as tenant_reason,
  r.value as role_value, r.chosen as role_chosen, r.locked as role_locked, r.reason as role_reason, p.value as person_value, p.chosen as person_chosen
from (
  select b.name, b.channels from campana.builtin_type b where b.lasting
  union all
  select o.name, o.channels from campana.tenant_type o where o.tenant_id = :tenant and o.lasting
) k
left join campana.tenant_preference t on t.tenant_id = :tenant and t.type = k.name
left join campana.role_preference r on r.tenant_id = :tenant and r.role = :role and r.type = k.name
left join campana.user_preference p on p.tenant_id = :tenant and p.user_id = :reader and p.type = k.name
order by k.name;

-- name: person^
-- What tenant, role and person say of attention, each as JSON or null; and what else the person chose.
select u.time_zone as own_time_zone, coalesce(u.time_zone, t.time_zone) as time_zone,
  to_jsonb(ta) as tenant_attention, to_jsonb(ra) as role_attention, to_jsonb(ua) as personal, to_jsonb(s) as settings,
  array(
    select m.subject from campana.user_mute m
    where m.tenant_id = :tenant and m.user_id = :reader order by m.created_at desc, m.subject limit 500
  ) as muted
from campana.users u
join campana.tenant t on t.id = u.tenant_id
left join campana.tenant_attention ta on ta.tenant_id = u.tenant_id
left join campana.role_attention ra on ra.tenant_id = u.tenant_id and ra.role = :role
left join campana.user_attention ua on ua.tenant_id = u.tenant_id and ua.user_id = u.id
left join campana.user_settings s on s.tenant_id = u.tenant_id and s.user_id = u.id
where u.tenant_id = :tenant and u.id = :reader;

-- name: choose!
-- On these types: `bits` are chosen, those of `value` on. Other channels stay as they were.
insert into campana.user_preference as p (tenant_id, user_id, type, value, chosen)
select :tenant, :reader, type, :value::integer & :bits::integer, :bits from unnest(:types::text[]) type
on conflict (tenant_id, user_id, type) do update
set value = (p.value & ~excluded.chosen) | excluded.value, chosen = p.chosen | excluded.chosen,
  kept = p.kept & ~excluded.chosen;

-- name: unchoose!
-- These channels of these types are as the layers above say again.
with gone as (
  delete from campana.user_preference
  where tenant_id = :tenant and user_id = :reader and type = any (:types::text[]) and chosen & ~:bits::integer = 0
)
update campana.user_preference
set value = value & ~:bits::integer, chosen = chosen & ~:bits::integer, kept = kept & ~:bits::integer
where tenant_id = :tenant and user_id = :reader and type = any (:types::text[]) and chosen & ~:bits::integer <> 0;

-- name: unchoose_all!
delete from campana.user_preference where tenant_id = :tenant and user_id = :reader;

-- name: attend!
-- A person's minimum priority, hours and days, all of them.
insert into campana.user_attention (
  tenant_id, user_id, min_priority, quiet, quiet_from, quiet_to, work_days, urgent_breaks_through)
values (:tenant, :reader, :min_priority, :quiet, :quiet_from, :quiet_to, :work_days, :urgent_breaks_through)
on conflict (tenant_id, user_id) do update
set min_priority = excluded.min_priority, quiet = excluded.quiet, quiet_from = excluded.quiet_from,
  quiet_to = excluded.quiet_to, work_days = excluded.work_days, urgent_breaks_through = excluded.urgent_breaks_through;

-- name: switch!
-- Of the channels `bits`, those of `off` are done without from now on, the others used again.
insert into campana.user_attention as a (tenant_id, user_id, switched_off)
values (:tenant, :reader, :off)
on conflict (tenant_id, user_id) do update set switched_off = (a.switched_off & ~:bits::integer) | excluded.switched_off;

-- name: pause!
insert into campana.user_attention (tenant_id, user_id, paused_until)
values (:tenant, :reader, :until)
on conflict (tenant_id, user_id) do update set paused_until = excluded.paused_until;

-- name: forget_attention!
delete from campana.user_attention where tenant_id = :tenant and user_id = :reader;

-- name: mute!
insert into campana.user_mute (tenant_id, subject, user_id)
values (:tenant, :subject, :reader)
on conflict do nothing;

-- name: unmute!
delete from campana.user_mute
where tenant_id = :tenant and subject = :subject and user_id = :reader;

-- name: count_mutes$
select count(*) from campana.user_mute where tenant_id = :tenant and user_id = :reader;

-- name: settle!
-- What else a person chose, all of it.
insert into campana.user_settings (tenant_id, user_id, toast_seconds, live_updates, shortcuts, reminder_minutes)
values (:tenant, :reader, :toast_seconds, :live_updates, :shortcuts, :reminder_minutes)
on conflict (tenant_id, user_id) do update
set toast_seconds = excluded.toast_seconds, live_updates = excluded.live_updates, shortcuts = excluded.shortcuts,
  reminder_minutes = excluded.reminder_minutes;

-- name: forget_settings!
delete from campana.user_settings where tenant_id = :tenant and user_id = :reader;

-- name: settings^
select toast_seconds, live_updates, shortcuts, reminder_minutes
from campana.user_settings
where tenant_id = :tenant and user_id = :reader;

-- name: move!
-- Null: the tenant's time zone.
update campana.users set time_zone = :time_zone where tenant_id = :tenant and id = :reader;

-- name: knows_zone$
-- Whether the database can reckon in it: hours are compared there.
select exists (select from pg_timezone_names where name = :time_zone);

-- name: tell$
-- The person's other devices hear of it; the id to hint at.
insert into campana.signal (tenant_id, name, user_id, payload)
values (:tenant, 'preferences', :reader, '{}')
returning id;

-- name: arrived$
-- The channels of an event's row in this inbox; 0 when it has none, null while the event waits.
select coalesce((
  select i.channels from campana.place_of(:tenant, :reader, array[e.id]) p
  join campana.inbox i on i.tenant_id = :tenant and i.user_id = :reader and i.seq = p.seq
), 0)
from campana.event e
where e.tenant_id = :tenant and e.id = :event;

-- name: subjects
-- What this person's newest notifications are about, for muting: subject and words, newest first.
select
  s.subject, s.words,
  exists (
    select from campana.user_mute m
    where m.tenant_id = :tenant and m.subject = s.subject and m.user_id = :reader) as is_muted
from (
  select distinct on (e.subject) e.subject, e.words, i.seq
  from (
    select i.event_id, i.seq from campana.inbox i
    where i.tenant_id = :tenant and i.user_id = :reader and i.state = 0
    order by i.seq desc limit 100
  ) i
  join campana.event e on e.tenant_id = :tenant and e.id = i.event_id
  where e.subject is not null
  order by e.subject, i.seq desc
) s
order by s.seq desc;
