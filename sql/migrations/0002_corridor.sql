-- The corridor: outbox → event → inbox, and the hints that make it fast.

-- Types everybody knows; written by the migration from campana/events.py.
create table campana.builtin_type (
  name     text primary key,
  lasting  boolean not null,                  -- false: live only, no inbox row, never replayed
  priority text not null,
  variant  text not null,
  channels integer not null                   -- bits, see campana/channels: 1 inbox
);

create table campana.tenant_type (
  tenant_id uuid not null references campana.tenant,
  name      text not null check (name ~ '^[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)+$' and length(name) <= 80),
  lasting   boolean not null default true,
  priority  text not null default 'medium',
  variant   text not null default 'info',
  channels  integer not null default 1,
  primary key (tenant_id, name)
);

-- The queue. A row leaves it when dispatched; history lives in campana.event.
-- id is the order of publication: whoever published after another's commit got a higher one.
create table campana.outbox (
  id           bigint generated always as identity primary key,
  tenant_id    uuid not null,
  event_id     uuid not null,
  type         text not null,
  lasting      boolean not null,
  audience     text not null,                 -- as the publisher wrote it
  rule         jsonb not null,                -- as campana.parse_audience() understood it
  title        text,
  message      text,
  data         jsonb not null,
  priority     text not null,
  variant      text not null,
  url          text,
  actions      jsonb,
  actor        uuid,
  subject      text,
  collapse_key text,
  expires_at   timestamptz,
  published_at timestamptz not null,
  attempts     smallint not null default 0,
  progress     uuid                           -- last user served, while a huge audience goes in chunks
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create index outbox_tenant on campana.outbox (tenant_id, id);

-- Events whose time has not come; moved to the outbox by the dispatcher's clock, cancellable until then.
create table campana.scheduled (
  deliver_at timestamptz not null,
  like campana.outbox including defaults
);
alter table campana.scheduled drop column id, drop column attempts, drop column progress;
alter table campana.scheduled add primary key (tenant_id, event_id);
create index scheduled_due on campana.scheduled (deliver_at);

-- Events that failed three times, with the reason, for a person to look at.
create table campana.poison (
  tenant_id uuid not null,
  event_id  uuid not null,
  type      text not null,
  reason    text not null,
  body      jsonb not null,
  at        timestamptz not null default now(),
  primary key (tenant_id, event_id)
);

-- One row per tenant: whoever holds its lock dispatches the tenant, alone.
create table campana.tenant_turn (
  tenant_id uuid primary key references campana.tenant,
  served_at timestamptz not null default '-infinity'
) with (fillfactor = 50);

-- Outlives retention, so that nothing old can ring again.
create table campana.dedupe (
  tenant_id  uuid not null,
  key        text not null,
  event_id   uuid not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, key)
);

create table campana.event (
  tenant_id    uuid not null,
  id           uuid not null,                 -- UUIDv7
  type         text not null,
  audience     text not null,
  words        jsonb not null,                -- {"<locale>": {"title": …, "message": …, "url": …}}; "" holds for every locale
  data         jsonb not null,
  priority     text not null,
  variant      text not null,
  url          text,
  actions      jsonb,
  actor        uuid,
  subject      text,
  collapse_key text,
  expires_at   timestamptz,
  published_at timestamptz not null,
  dispatched_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id)
);

-- The head is the truth about an inbox: every change of the inbox locks it first.
create table campana.inbox_head (
  tenant_id uuid not null,
  user_id   uuid not null,
  seq       bigint not null default 0,        -- highest given; without gaps, in commit order
  unread    integer not null default 0,       -- visible and not read
  rev       bigint not null default 0,        -- raised when read or deleted state changes
  floor     bigint not null default 0,        -- rows up to here may be gone: an older cursor gets resync
  read_floor bigint not null default 0,       -- nothing up to here is visible and unread
  primary key (tenant_id, user_id)
) with (fillfactor = 50);

-- state is flipped by readers or by the clock, never compared with now(), so that one
-- predicate serves list, index and counter: 0 visible · 1 snoozed · 2 deleted · 3 expired
create table campana.inbox (
  tenant_id    uuid not null,
  user_id      uuid not null,
  id           uuid not null,                 -- public: the (first) event's id
  event_id     uuid not null,                 -- whose words are shown; newer than id after collapsing
  seq          bigint not null,
  state        smallint not null default 0,
  channels     integer not null,              -- effective mask at dispatch
  reason       text not null,                 -- why: 'role:ADMIN', 'all', 'user', …
  read_at      timestamptz,
  collapse_key text,
  moved        boolean not null default false, -- seq is not the one it was written with
  primary key (tenant_id, user_id, seq)
);
-- An ordinary row is in no other index: each costs a third of writing it (docs/decisions/0011).
-- Without the tenant: users' ids are unique by themselves.
create unique index inbox_moved on campana.inbox (user_id, id) where moved;
create index inbox_collapse on campana.inbox (user_id, collapse_key, seq)
  where collapse_key is not null and state = 0 and read_at is null;

-- Whom an event was given to, and at which seq: how an id leads to its row (campana.place_of). In
-- pieces by user id, small enough not to be stored out of line.
create table campana.event_recipients (
  tenant_id  uuid not null,
  event_id   uuid not null,
  first_user uuid not null,                   -- the piece holds the recipients from here to the next piece
  user_ids   uuid[] not null,
  seqs       bigint[] not null,               -- theirs, in the same order
  primary key (tenant_id, event_id, first_user)
);

-- Rows that the clock will take back; only for events that carry expires_at.
create table campana.expiring (
  tenant_id  uuid not null,
  user_id    uuid not null,
  seq        bigint not null,
  expires_at timestamptz not null,
  primary key (tenant_id, user_id, seq)
);
create index expiring_due on campana.expiring (expires_at);

-- Preferences are masks of channel bits. Effective = (r & ~m) | (u & m) with m = chosen & ~locked.
create table campana.role_preference (
  tenant_id uuid not null,
  role      text not null,
  type      text not null,
  value     integer not null,                 -- channels that are on
  locked    integer not null default 0,       -- channels a user cannot change
  primary key (tenant_id, role, type)
);

create table campana.user_preference (
  tenant_id uuid not null,
  user_id   uuid not null,
  type      text not null,
  value     integer not null,
  chosen    integer not null,                 -- channels this user decided
  primary key (tenant_id, user_id, type)
);

-- Live messages, kept for 60 s; hints name their ids. A crash may empty it: streams then resync.
create unlogged table campana.signal (
  id         bigint generated always as identity primary key,
  xid        xid8 not null default pg_current_xact_id(),  -- lets a poller ask "committed since my snapshot"
  tenant_id  uuid not null,
  name       text not null,                   -- on the wire: event type, or read, deleted, …
  event_id   uuid,                            -- a lasting event's words and data are read from campana.event
  rule       jsonb,                           -- audience …
  user_id    uuid,                            -- … or one user
  payload    jsonb,
  created_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index signal_created on campana.signal (created_at);
create index signal_tenant on campana.signal (tenant_id, id);

-- Who is awake; publish_event() notifies only when nobody is.
create unlogged table campana.dispatcher (
  id    uuid primary key,
  awake boolean not null,
  beat  timestamptz not null
) with (fillfactor = 20, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Answers already given to an Idempotency-Key.
create table campana.idempotency (
  tenant_id  uuid not null,
  key        text not null check (length(key) between 1 and 255),
  digest     bytea not null,                  -- sha256 of the request's body
  status     smallint,                        -- null: still in flight
  answer     jsonb,
  created_at timestamptz not null default now(),
  primary key (tenant_id, key)
);
create index idempotency_age on campana.idempotency (created_at);

-- Up to where a user has visited a page: "new since" badges count distinct subjects above it.
create table campana.visit (
  tenant_id uuid not null,
  user_id   uuid not null,
  page      text not null,
  seq       bigint not null,
  primary key (tenant_id, user_id, page)
);
