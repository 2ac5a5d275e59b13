-- Who wants an event, on which channels. campana/preferences/policy.py is the same rule for one
-- person, with the reasons; a property test keeps the two equal.
-- Bits: 1 inbox, 2 toast, 4 sound, 8 desktop; 14 are those that interrupt (campana/channels.py).

create or replace function campana.priority_rank(priority text) returns integer
language sql immutable as $$
  select case priority when 'low' then 1 when 'medium' then 2 when 'high' then 3 when 'urgent' then 4 else 0 end;
$$;

-- One layer over what is below it: its value where it chose and may.
create or replace function campana.layered(below integer, value integer, chosen integer, locked integer) returns integer
language sql immutable as $$
  select (below & ~(coalesce(chosen, 0) & ~coalesce(locked, 0)))
    | (coalesce(value, 0) & coalesce(chosen, 0) & ~coalesce(locked, 0));
$$;

-- Quiet hours are half open and may cross midnight; null when there are none.
create or replace function campana.is_quiet(quiet_from time, quiet_to time, clock time) returns boolean
language sql immutable as $$
  select case when quiet_from < quiet_to then clock >= quiet_from and clock < quiet_to
    else clock >= quiet_from or clock < quiet_to end;
$$;

-- The channels a type uses when nobody says otherwise. (In plpgsql, which keeps its plans.)
create or replace function campana.default_channels(tenant uuid, type text) returns integer
language plpgsql stable as $$
begin
  return coalesce(
    (select b.channels from campana.builtin_type b where b.name = default_channels.type),
    (select t.channels from campana.tenant_type t where t.tenant_id = tenant and t.name = default_channels.type),
    15);
end;
$$;

-- What type, tenant and role say, once for each role: asked once for all events of a type and priority. (In plpgsql, which
-- keeps its plans.)
drop function if exists campana.standing(uuid, text, text, integer);
create or replace function campana.standing(tenant uuid, type text, priority text) returns campana.role_standing[]
language plpgsql stable as $$
begin
  return array(
    select row(
      s.role,
      case when campana.priority_rank(standing.priority) < s.minimum and s.masks & s.locked & 1 = 0 then 0 else s.masks end,
      s.masks, s.locked, s.minimum, s.quiet_from, s.quiet_to, s.work_days, s.breaks_through,
      s.quiet_from is not null or s.work_days < 127)::campana.role_standing
    from (
      select ro.name as role,
        campana.layered(campana.layered(d.channels, t.value, t.chosen, 0), r.value, r.chosen, t.locked) as masks,
        coalesce(t.locked, 0) | coalesce(r.locked, 0) as locked,
        campana.priority_rank(coalesce(ra.min_priority, ta.min_priority)) as minimum,
        case when ra.quiet is null then ta.quiet_from else ra.quiet_from end as quiet_from,
        case when ra.quiet is null then ta.quiet_to else ra.quiet_to end as quiet_to,
        coalesce(ra.work_days, ta.work_days, 127::smallint) as work_days,
        coalesce(ra.urgent_breaks_through, ta.urgent_breaks_through, true) as breaks_through
      from (select campana.default_channels(tenant, standing.type) as channels offset 0) d
      cross join campana.role ro
      left join lateral (
        select p.value, p.chosen, p.locked from campana.tenant_preference p
        where p.tenant_id = tenant and p.type = standing.type offset 0
      ) t on true
      left join lateral (
        select p.value, p.chosen, p.locked from campana.role_preference p
        where p.tenant_id = tenant and p.role = ro.name and p.type = standing.type offset 0
      ) r on true
      left join lateral (
        select * from campana.tenant_attention a where a.tenant_id = tenant offset 0
      ) ta on true
      left join lateral (
        select * from campana.role_attention a where a.tenant_id = tenant and a.role = ro.name offset 0
      ) ra on true
      where ro.tenant_id = tenant
      offset 0
    ) s);
end;
$$;

-- Everybody whom the rule names, each with a mask of channels; without that of the inbox (1) they do not
-- want it. `standing`: of this type and priority. Written so that it becomes part of the query that asks, without a call;
-- with few steps a person, because each costs whoever set nothing, too.
drop function if exists campana.wanting(uuid, jsonb, text, text, integer, timestamptz);
drop function if exists campana.addressed(uuid, jsonb, text, text, integer, timestamptz);
create or replace function campana.addressed(
  tenant uuid, rule jsonb, type text, priority text, standing campana.role_standing[], moment timestamptz
) returns table (user_id uuid, reason text, channels integer)
language sql stable rows 1000 as $$
  select m.user_id, m.reason,
    -- whoever set nothing is done here
    case when a.user_id is null and not s.timed then s.channels else (
      select case
        when w.masks & 1 = 0 then 0
        when campana.priority_rank(addressed.priority) < coalesce(nullif(campana.priority_rank(a.min_priority), 0), s.minimum)
          and w.masks & s.locked & 1 = 0 then 0
        when a.paused_until > addressed.moment then w.masks & ~14
        when addressed.priority = 'urgent' and coalesce(a.urgent_breaks_through, s.breaks_through) then w.masks
        when 1 << (extract(isodow from w.clock)::integer - 1) & coalesce(a.work_days, s.work_days) = 0 then w.masks & ~14
        when campana.is_quiet(
          case when a.quiet is null then s.quiet_from else a.quiet_from end,
          case when a.quiet is null then s.quiet_to else a.quiet_to end, w.clock::time) then w.masks & ~14
        else w.masks
      end
      from (
        select
          campana.layered(s.masks, a.value, a.chosen, s.locked) & ~(coalesce(a.switched_off, 0) & ~s.locked) as masks,
          case when s.timed or a.quiet or a.work_days is not null then (
            select addressed.moment at time zone coalesce(u.time_zone, t.time_zone)
            from campana.users u, campana.tenant t
            where u.tenant_id = addressed.tenant and u.id = m.user_id and t.id = addressed.tenant
          ) end as clock
        offset 0
      ) w
    ) end as channels
  from campana.audience_members(addressed.tenant, addressed.rule) m
  join unnest(addressed.standing) s on s.role = m.role
  -- what a person set; nothing more is looked at for people without a row here
  left join lateral (
    select a.user_id, a.min_priority, a.quiet, a.quiet_from, a.quiet_to, a.work_days, a.urgent_breaks_through,
      a.switched_off, a.paused_until, p.value, p.chosen
    from campana.user_attention a
    left join lateral (
      select p.value, p.chosen from campana.user_preference p
      where p.tenant_id = addressed.tenant and p.user_id = a.user_id and p.type = addressed.type offset 0
    ) p on true
    where a.tenant_id = addressed.tenant and a.user_id = m.user_id offset 0
  ) a on true
  offset 0;  -- each mask is worked out once
$$;

-- Whoever chose something has a row that says so.
create or replace function campana.note_choices() returns trigger language plpgsql as $$
begin
  insert into campana.user_attention (tenant_id, user_id)
  select distinct n.tenant_id, n.user_id from new_choices n
  join campana.users u on u.tenant_id = n.tenant_id and u.id = n.user_id
  on conflict do nothing;
  return null;
end;
$$;
create or replace trigger note_choices after insert on campana.user_preference
  referencing new table as new_choices
  for each statement execute function campana.note_choices();
