-- Sales: what was sold to whom, entered by staff or checked out in the shop.

-- The last number given. Whoever makes a sale locks it until that commits, so that the numbers
-- people see have no gaps.
create table campana.sale_counter (
  tenant_id uuid primary key references campana.tenant,
  last      integer not null default 0
) with (fillfactor = 50);

create table campana.sale (
  tenant_id    uuid not null references campana.tenant,
  id           uuid not null,
  number       integer not null,              -- what people call it: 1, 2, 3 … per tenant
  customer     text not null check (length(customer) between 1 and 120),
  total        numeric(12,2) not null check (total > 0),
  currency     text not null check (currency ~ '^[A-Z]{3}$'),
  status       text not null default 'pending' check (status in ('pending', 'paid', 'cancelled')),
  source       text not null check (source in ('staff', 'checkout')),
  reason       text check (length(reason) between 1 and 200),    -- why it was cancelled
  version      integer not null default 1,    -- raised by every change; an edit names the one it saw
  form_token   uuid,                          -- names the form it was sent with …
  form_digest  bytea,                         -- … and what was in it: a form sent twice is one sale
  created_by   uuid not null,
  created_at   timestamptz not null default clock_timestamp(),
  updated_at   timestamptz not null default clock_timestamp(),
  paid_at      timestamptz,
  cancelled_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, number),
  unique (tenant_id, created_by, form_token),
  foreign key (tenant_id, created_by) references campana.users,
  check ((status = 'paid') = (paid_at is not null)),
  check ((status = 'cancelled') = (cancelled_at is not null))
);
-- A seller's own sales of today.
create index sale_of_seller on campana.sale (tenant_id, created_by, created_at);

create table campana.sale_item (
  tenant_id uuid not null,
  sale_id   uuid not null,
  position  smallint not null,
  product   text not null check (length(product) between 1 and 120),
  quantity  numeric(9,2) not null check (quantity > 0),
  price     numeric(12,2) not null check (price >= 0),           -- of one
  primary key (tenant_id, sale_id, position),
  foreign key (tenant_id, sale_id) references campana.sale
);
