-- Policies of a tenant: why something is locked, what existing people keep when a default changes for
-- new ones only, and what it takes to take the last change back.

alter table campana.tenant_preference add column reason text not null default '' check (length(reason) <= 300);
alter table campana.role_preference add column reason text not null default '' check (length(reason) <= 300);

-- Of what is chosen: kept from before a policy that counts for new people only, not chosen by the person.
alter table campana.user_preference add column kept integer not null default 0;

-- What administrators changed of a layer. The newest of a tenant can be taken back for a while.
create table campana.policy_change (
  tenant_id   uuid not null references campana.tenant,
  id          uuid not null,                  -- UUIDv7: the newest is the greatest
  role        text not null,                  -- '' is the tenant itself
  applies_to  text not null check (applies_to in ('new', 'unchanged', 'everybody')),
  actor       text not null,
  at          timestamptz not null default now(),
  before      jsonb not null,                 -- type → masks, and attention; as campana/administration/policy reads it
  after       jsonb not null,
  people      integer not null,               -- for whom something changed
  undone_at   timestamptz,
  primary key (tenant_id, id)
);

-- People's own choices as they were before the newest change touched them: what undoing brings back.
create table campana.policy_choice (
  tenant_id uuid not null,
  change_id uuid not null,
  user_id   uuid not null,
  type      text not null,
  bits      integer not null,                 -- the channels that were touched
  value     integer not null,
  chosen    integer not null,
  kept      integer not null,
  primary key (tenant_id, change_id, user_id, type),
  foreign key (tenant_id, change_id) references campana.policy_change on delete cascade,
  foreign key (tenant_id, user_id) references campana.users on delete cascade
);
create index policy_choice_of_user on campana.policy_choice (tenant_id, user_id);
