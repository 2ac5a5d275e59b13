-- Tenant $1's turn is $2's, as if a dispatcher had taken it; what waits there.
with turn as (
  update campana.tenant_turn t set holder = $2, held_until = clock_timestamp() + interval '1 minute'
  where t.tenant_id = $1
)
select o.id from campana.outbox o where o.tenant_id = $1 order by o.id;
