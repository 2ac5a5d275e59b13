-- A turn is a lease: taken for the moment between reading a tenant's events and writing them, so that neither
-- needs a transaction around both (docs/decisions/0018).

alter table campana.tenant_turn
  add column holder     uuid,                                          -- the dispatcher whose turn it is or was …
  add column held_until timestamptz not null default '-infinity';      -- … and until when nobody else may take it

drop function if exists campana.take(integer, integer);
drop function if exists campana.fan_out(bigint[], jsonb[]);
drop function if exists campana.fan_out_one(bigint, jsonb, integer);
