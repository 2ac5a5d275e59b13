-- Who there is: installation, tenants, roles, branches, users, sessions, keys.
-- Tenants lead every primary key, so that they can later live on different clusters.

create table campana.installation (
  only_one          boolean primary key default true check (only_one),
  epoch             text not null,            -- first half of every Last-Event-ID; see campana.check_epoch()
  system_identifier bigint,                   -- what the epoch was drawn for: this cluster …
  timeline          integer                   -- … on this timeline
);

create table campana.tenant (
  id         uuid primary key,
  slug       text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name       text not null,
  modules    text[] not null default '{}',    -- calendar, crm, pos, sales, inventory
  locale     text not null default 'es',
  time_zone  text not null default 'America/El_Salvador',
  active     boolean not null default true,
  created_at timestamptz not null default now()
);

-- Roles are data of a tenant, not an enumeration in code.
create table campana.role (
  tenant_id   uuid not null references campana.tenant,
  name        text not null check (name ~ '^[A-Z][A-Z0-9_]{0,39}$'),
  administers boolean not null default false,
  primary key (tenant_id, name)
);

create table campana.branch (
  tenant_id uuid not null references campana.tenant,
  id        uuid not null,
  name      text not null check (length(name) between 1 and 80),
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

-- Plural, the only one: "user" is a reserved word.
create table campana.users (
  tenant_id     uuid not null references campana.tenant,
  id            uuid not null,
  email         text not null check (email = lower(email) and length(email) <= 254),
  name          text not null check (length(name) between 1 and 120),
  role          text not null,
  branch_id     uuid,
  password_hash text,                         -- Argon2id; null: cannot sign in by password
  locale        text,                         -- null: the tenant's
  time_zone     text,
  active        boolean not null default true,
  auth_version  integer not null default 1,   -- raised on role, password or activity change: older streams and sessions close
  created_at    timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, role) references campana.role,
  foreign key (tenant_id, branch_id) references campana.branch
);
-- An e-mail is unique in an installation: sign-in knows no tenant yet.
create unique index users_email on campana.users (email);
create index users_role on campana.users (tenant_id, role, id) where active;
create index users_branch on campana.users (tenant_id, branch_id, id) where active;

create table campana.topic_subscription (
  tenant_id uuid not null,
  topic     text not null check (length(topic) between 1 and 120),
  user_id   uuid not null,
  primary key (tenant_id, topic, user_id),
  foreign key (tenant_id, user_id) references campana.users on delete cascade
);

create table campana.session (
  token_hash   bytea primary key,             -- sha256 of the cookie's token; the token itself is nowhere
  tenant_id    uuid not null,
  user_id      uuid not null,
  auth_version integer not null,              -- the user's when signed in
  data         jsonb not null default '{}',
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null,
  foreign key (tenant_id, user_id) references campana.users on delete cascade
);
create index session_of_user on campana.session (tenant_id, user_id);
create index session_expiry on campana.session (expires_at);

create table campana.api_key (
  tenant_id    uuid not null references campana.tenant,
  id           uuid not null,
  name         text not null check (length(name) between 1 and 80),
  prefix       text not null,                 -- first characters, to recognise it by
  key_hash     bytea not null unique,         -- sha256; the key is shown once
  scopes       text[] not null check (scopes <@ array['publish', 'read', 'impersonate']),
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  primary key (tenant_id, id)
);

-- Failed sign-ins, counted per account and per address, shared by all processes.
create unlogged table campana.sign_in_attempt (
  subject      text not null,                 -- 'account:<e-mail>' or 'address:<ip>'
  window_start timestamptz not null,
  failures     integer not null,
  primary key (subject)
);

create table campana.audit (
  tenant_id uuid not null references campana.tenant,
  id        bigint generated always as identity,
  at        timestamptz not null default now(),
  actor     text not null,                    -- e-mail, 'key:<name>' or 'command line'
  action    text not null,                    -- 'key.create', 'user.deactivate', …
  detail    jsonb not null default '{}',
  primary key (tenant_id, id)
);
