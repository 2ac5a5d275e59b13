-- What becomes of people when a tenant's or a role's layer says something else. The rule itself is
-- campana.layered(); a test holds what is foretold against what then is.

-- What a person gets of a type: nothing at all without the inbox. Tables of one row, because these
-- become part of the query that asks, which functions of one value do not.
drop function if exists campana.policy_effect(integer, integer, integer, integer, integer);
create function campana.policy_effect(masks integer, value integer, chosen integer, locked integer, switched_off integer)
returns table (effect integer)
language sql immutable rows 1 as $$
  select case when e.masks & 1 = 0 then 0 else e.masks end
  from (
    select ((policy_effect.masks & ~(policy_effect.chosen & ~policy_effect.locked))
      | (policy_effect.value & policy_effect.chosen & ~policy_effect.locked))
      & ~(policy_effect.switched_off & ~policy_effect.locked) as masks
    offset 0
  ) e;
$$;

-- Each role and type that is touched: what tenant and role say before and after. `role` '' changes the
-- tenant's layer. changes: [{type, bits (that change), value, chosen, locked (afterwards)}].
drop function if exists campana.policy_standing(uuid, text, jsonb);
create function campana.policy_standing(tenant uuid, role text, changes jsonb)
returns table (role text, type text, bits integer, masks_before integer, locked_before integer, masks_after integer, locked_after integer)
language sql stable rows 100 as $$
  select ro.name, c.type, c.bits,
    campana.layered(campana.layered(d.channels, t.value, t.chosen, 0), r.value, r.chosen, t.locked),
    coalesce(t.locked, 0) | coalesce(r.locked, 0),
    case when policy_standing.role = '' then campana.layered(campana.layered(d.channels, c.value, c.chosen, 0), r.value, r.chosen, c.locked)
      else campana.layered(campana.layered(d.channels, t.value, t.chosen, 0), c.value, c.chosen, t.locked) end,
    case when policy_standing.role = '' then c.locked | coalesce(r.locked, 0) else coalesce(t.locked, 0) | c.locked end
  from jsonb_to_recordset(policy_standing.changes) as c (type text, bits integer, value integer, chosen integer, locked integer)
  cross join lateral (select campana.default_channels(policy_standing.tenant, c.type) as channels offset 0) d
  join campana.role ro on ro.tenant_id = policy_standing.tenant and policy_standing.role in ('', ro.name)
  left join campana.tenant_preference t on t.tenant_id = policy_standing.tenant and t.type = c.type
  left join campana.role_preference r on r.tenant_id = policy_standing.tenant and r.role = ro.name and r.type = c.type;
$$;

-- What a person's own choice of a type becomes, by whom the change applies to: 'new' keeps for existing
-- people what they have, 'unchanged' lets go what was only kept so, 'everybody' removes what was chosen.
drop function if exists campana.policy_choice_after(text, integer, integer, integer, integer, integer, integer, integer);
create function campana.policy_choice_after(
  applies_to text, bits integer, value integer, chosen integer, kept integer,
  masks_before integer, masks_after integer, locked_after integer
) returns table (value_after integer, chosen_after integer, kept_after integer)
language sql immutable rows 1 as $$
  select
    case when applies_to = 'new' then (value & chosen) | (masks_before & k.pin) else value & chosen & ~k.gone end,
    case when applies_to = 'new' then chosen | k.pin else chosen & ~k.gone end,
    case when applies_to = 'new' then kept | k.pin else kept & ~k.gone end
  from (
    select bits & ~chosen & ~locked_after & (masks_before # masks_after) as pin,
      case applies_to when 'everybody' then bits else kept & bits end as gone
    offset 0
  ) k;
$$;

-- Some of many names, for a sentence.
create or replace function campana.first_five(names text[]) returns text[]
language sql immutable as $$
  select names[1:5];
$$;

-- What a row says of attention, without what it says nothing of: layers are put over one another by `||`.
create or replace function campana.attention_said(
  min_priority text, quiet boolean, quiet_from time, quiet_to time, work_days integer, urgent_breaks_through boolean
) returns jsonb
language sql immutable as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'min_priority', min_priority,
    'quiet', case when quiet then quiet_from || '-' || quiet_to when not quiet then 'none' end,
    'work_days', work_days,
    'urgent_breaks_through', urgent_breaks_through));
$$;
