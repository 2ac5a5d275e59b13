-- name: know_builtin!
-- Makes the built-in types known to publish_event().
insert into campana.builtin_type (name, lasting, priority, variant, channels)
select * from unnest(:names::text[], :lasting::boolean[], :priorities::text[], :variants::text[], :channels::integer[])
on conflict (name) do update
set lasting = excluded.lasting, priority = excluded.priority, variant = excluded.variant, channels = excluded.channels
where (builtin_type.lasting, builtin_type.priority, builtin_type.variant, builtin_type.channels)
  is distinct from (excluded.lasting, excluded.priority, excluded.variant, excluded.channels);

-- name: add$
-- True; null when the tenant has a type of this name.
insert into campana.tenant_type (tenant_id, name, lasting, priority, variant, channels)
values (:tenant_id, :name, :lasting, :priority, :variant, :channels)
on conflict do nothing
returning true;

-- name: own
-- Types that this tenant added, retired ones last.
select name, lasting, priority, variant, channels, icon, audience, words, retired_at
from campana.tenant_type
where tenant_id = :tenant
order by retired_at is not null, name;

-- name: names
-- Those that are called something else than their name on the wire.
select name, words
from campana.tenant_type
where tenant_id = :tenant and words @? '$.*.name';

-- name: own_one^
select name, lasting, priority, variant, channels, icon, audience, words, sample, retention_days, retired_at
from campana.tenant_type
where tenant_id = :tenant and name = :name;

-- name: own_lock^
-- Nobody else changes it meanwhile.
select name, lasting, priority, variant, channels, icon, audience, words, sample, retention_days, retired_at
from campana.tenant_type
where tenant_id = :tenant and name = :name
for update;

-- name: own_change!
update campana.tenant_type
set priority = :priority, variant = :variant, channels = :channels, icon = :icon, audience = :audience,
  words = :words, sample = :sample, retention_days = :retention_days
where tenant_id = :tenant and name = :name;

-- name: own_retire$
-- Out of use, or in use again; null when it is no type of this tenant.
update campana.tenant_type set retired_at = case when :retired then clock_timestamp() end
where tenant_id = :tenant and name = :name
returning true;

-- name: of_tenant
-- What this tenant may publish, built-in types first.
select name, lasting, priority, variant, true as is_builtin
from campana.builtin_type
union all
select name, lasting, priority, variant, false
from campana.tenant_type
where tenant_id = :tenant_id and retired_at is null
order by is_builtin desc, name;
