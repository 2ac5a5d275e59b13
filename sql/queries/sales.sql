-- name: lock_counter!
-- Whoever makes a sale waits here for whoever makes one now, and then sees it.
insert into campana.sale_counter as c (tenant_id)
values (:tenant)
on conflict (tenant_id) do update set last = c.last;

-- name: sent_before^
-- The sale that this form has become already.
select id, form_digest
from campana.sale
where tenant_id = :tenant and created_by = :seller and form_token = :token;

-- name: add$
-- A sale with the next number and its items; its id. Behind lock_counter.
with counter as (
  update campana.sale_counter
  set last = last + 1
  where tenant_id = :tenant
  returning last
),
added as (
  insert into campana.sale
    (tenant_id, id, number, customer, total, currency, source, created_by, form_token, form_digest)
  select
    :tenant, campana.uuid7(), last, :customer, :total, :currency, :source, :seller, :token, :digest
  from counter
  returning id
),
items as (
  insert into campana.sale_item (tenant_id, sale_id, position, product, quantity, price)
  select :tenant, added.id, i.position, i.product, i.quantity, i.price
  from added
  cross join unnest(:products::text[], :quantities::numeric[], :prices::numeric[])
    with ordinality i (product, quantity, price, position)
)
select id from added;

-- name: one^
-- A sale that this reader may see: any for `everybodys`, else one's own.
select
  s.id, s.number, s.customer, s.total, s.currency, s.status, s.source, s.reason, s.version,
  s.created_by, u.name as seller, s.created_at, s.updated_at, s.paid_at, s.cancelled_at
from campana.sale s
join campana.users u on u.tenant_id = s.tenant_id and u.id = s.created_by
where s.tenant_id = :tenant and s.id = :id and (:everybodys or s.created_by = :reader);

-- name: pending
-- Which of these wait for their payment, of those that this reader may see.
select id
from campana.sale
where tenant_id = :tenant and id = any (:ids) and status = 'pending'
  and (:everybodys or created_by = :reader);

-- name: page
-- The newest below a number.
select
  s.id, s.number, s.customer, s.total, s.currency, s.status, s.source, s.reason, s.version,
  s.created_by, u.name as seller, s.created_at, s.updated_at, s.paid_at, s.cancelled_at
from campana.sale s
join campana.users u on u.tenant_id = s.tenant_id and u.id = s.created_by
where s.tenant_id = :tenant and s.number < :before
order by s.number desc
limit :limit;

-- name: todays_own
-- What this seller sold since midnight of the given time zone: the newest below a number.
select
  s.id, s.number, s.customer, s.total, s.currency, s.status, s.source, s.reason, s.version,
  s.created_by, u.name as seller, s.created_at, s.updated_at, s.paid_at, s.cancelled_at
from campana.sale s
join campana.users u on u.tenant_id = s.tenant_id and u.id = s.created_by
where s.tenant_id = :tenant and s.created_by = :reader
  and s.created_at >= date_trunc('day', clock_timestamp(), :time_zone)
  and s.number < :before
order by s.number desc
limit :limit;

-- name: items
-- The first items of these sales.
select sale_id, product, quantity, price
from campana.sale_item
where tenant_id = :tenant and sale_id = any (:sales) and position <= :most
order by sale_id, position;

-- name: pay$
-- True when this call paid it; null when it was not pending.
update campana.sale
set status = 'paid', paid_at = clock_timestamp(), updated_at = clock_timestamp(), version = version + 1
where tenant_id = :tenant and id = :id and status = 'pending'
returning true;

-- name: cancel$
-- True when this call cancelled it; null when it was not pending.
update campana.sale
set status = 'cancelled', cancelled_at = clock_timestamp(), updated_at = clock_timestamp(),
  reason = :reason, version = version + 1
where tenant_id = :tenant and id = :id and status = 'pending'
returning true;

-- name: change$
-- True when it is pending and still the version that was seen; its items are written anew.
with changed as (
  update campana.sale
  set customer = :customer, total = :total, currency = :currency,
    updated_at = clock_timestamp(), version = version + 1
  where tenant_id = :tenant and id = :id and status = 'pending' and version = :version
  returning id
),
items as (
  insert into campana.sale_item (tenant_id, sale_id, position, product, quantity, price)
  select :tenant, changed.id, i.position, i.product, i.quantity, i.price
  from changed
  cross join unnest(:products::text[], :quantities::numeric[], :prices::numeric[])
    with ordinality i (product, quantity, price, position)
  on conflict (tenant_id, sale_id, position) do update
    set product = excluded.product, quantity = excluded.quantity, price = excluded.price
),
gone as (
  delete from campana.sale_item i
  using changed
  where i.tenant_id = :tenant and i.sale_id = changed.id
    and i.position > cardinality(:products::text[])
)
select true from changed;

-- name: administrators$
-- Everybody who administers the tenant, as an audience.
select campana.administrators(:tenant);
