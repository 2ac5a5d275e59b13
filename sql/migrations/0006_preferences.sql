-- Preferences in layers: type → tenant → role → person. Each layer has masks of channel bits
-- (campana/channels.py): `value` counts where `chosen` is set, `locked` cannot be changed below.

create table campana.tenant_preference (
  tenant_id uuid not null references campana.tenant,
  type      text not null,
  value     integer not null,
  chosen    integer not null,
  locked    integer not null default 0,
  primary key (tenant_id, type)
);

-- Until now a role's row said something of every channel.
alter table campana.role_preference add column chosen integer not null default 255;

-- When somebody's attention may be asked for, whatever the type. Null: as the layer above says.
create table campana.tenant_attention (
  tenant_id    uuid primary key references campana.tenant,
  min_priority text check (min_priority in ('low', 'medium', 'high', 'urgent')),
  quiet        boolean,                       -- false: no quiet hours, whatever is said above
  quiet_from   time,                          -- local time; past midnight when later than quiet_to
  quiet_to     time,
  work_days    smallint check (work_days between 1 and 127),  -- bits, Monday is 1, Sunday 64
  urgent_breaks_through boolean,              -- quiet hours and days off
  check ((quiet is true) = (quiet_from is not null and quiet_to is not null)),
  check (quiet_from <> quiet_to)
);

create table campana.role_attention (
  like campana.tenant_attention including constraints,
  role text not null,
  primary key (tenant_id, role)
);

-- Whoever has no row here has set nothing at all, and costs the fan-out one look.
create table campana.user_attention (
  like campana.tenant_attention including constraints,
  user_id      uuid not null,
  switched_off integer not null default 0,    -- channels this person does without, whatever the type
  paused_until timestamptz,
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references campana.users on delete cascade
);

-- Subjects that somebody wants no more noise about.
create table campana.user_mute (
  tenant_id  uuid not null,
  subject    text not null,                   -- `kind:id`, as of the event
  user_id    uuid not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, subject, user_id),
  foreign key (tenant_id, user_id) references campana.users on delete cascade
);
create index user_mute_of_user on campana.user_mute (tenant_id, user_id);

-- What else a person chose. Null: as usual.
create table campana.user_settings (
  tenant_id        uuid not null,
  user_id          uuid not null,
  toast_seconds    smallint check (toast_seconds between 2 and 60),
  live_updates     boolean,
  shortcuts        boolean,
  reminder_minutes integer[],                 -- before an appointment, longest first
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references campana.users on delete cascade
);

-- The owner sees rows of tenants only where security is not forced.
alter table campana.users no force row level security;
alter table campana.user_preference no force row level security;
alter table campana.tenant_type no force row level security;

insert into campana.user_attention (tenant_id, user_id)
select distinct u.tenant_id, u.id
from campana.user_preference p
join campana.users u on u.tenant_id = p.tenant_id and u.id = p.user_id;

-- Types that tenants added had toast and sound like all others.
alter table campana.tenant_type alter column channels set default 15;
update campana.tenant_type set channels = 15 where lasting and channels = 1;

alter table campana.users force row level security;
alter table campana.user_preference force row level security;
alter table campana.tenant_type force row level security;
