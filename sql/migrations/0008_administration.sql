-- What a tenant's administrators decide: settings, invitations; when a key was last used; lists that are long.

-- Name, language and time zone are the tenant's own (campana.tenant). A trigger gives every tenant its row.
create table campana.tenant_settings (
  tenant_id              uuid primary key references campana.tenant,
  retention_days         integer not null default 7 check (retention_days between 1 and 3650),
  keep_unread            boolean not null default true,    -- whether retention spares what nobody has read
  most_connections       integer not null default 1000 check (most_connections between 1 and 1000000),
  most_latency           integer not null default 100 check (most_latency between 1 and 600000),     -- milliseconds
  most_errors            integer not null default 5 check (most_errors between 1 and 100),           -- percent
  most_reconnections     integer not null default 10 check (most_reconnections between 1 and 100),   -- percent
  unanswered_after       integer not null default 60 check (unanswered_after between 1 and 10080),   -- minutes
  hot_lead_score         integer not null default 80 check (hot_lead_score between 1 and 100),       -- percent
  follow_up_after        integer not null default 24 check (follow_up_after between 1 and 8760),     -- hours
  slow_response          integer not null default 30 check (slow_response between 1 and 10080),      -- minutes
  most_unanswered        integer not null default 5 check (most_unanswered between 1 and 10000),     -- conversations
  least_conversion       integer not null default 10 check (least_conversion between 1 and 100),     -- percent …
  conversion_counts_from integer not null default 10 check (conversion_counts_from between 1 and 10000)  -- … of more leads than this
);
-- The owner sees tenants only where security is not forced.
alter table campana.tenant no force row level security;
insert into campana.tenant_settings (tenant_id) select id from campana.tenant;
alter table campana.tenant force row level security;

-- Links by which people choose their password: one living link each.
create table campana.invitation (
  tenant_id  uuid not null,
  user_id    uuid not null,
  token_hash bytea not null unique,           -- sha256; the link is shown once
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references campana.users on delete cascade
);

alter table campana.api_key add column last_used_at timestamptz;  -- to within five minutes

create index users_by_name on campana.users (tenant_id, lower(name), id);
create index audit_of_actor on campana.audit (tenant_id, actor, id);
create index audit_of_action on campana.audit (tenant_id, action, id);
