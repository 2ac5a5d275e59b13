-- Types of a tenant's own are kept as long as they say, and have a name in each language:
-- tenant_type.words is {"<locale>": {"name", "title", "message"}}, each part optional.

alter table campana.tenant_type
  add column retention_days integer check (retention_days between 1 and 3650);  -- null: as the tenant keeps

alter table campana.retention
  add column kinds  jsonb not null default '{}',  -- types with a cutoff of their own: {"<type>": moment}
  add column latest timestamptz;                  -- the latest of all cutoffs: nothing younger goes
