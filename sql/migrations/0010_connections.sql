-- What administrators look at: who is connected, what happened per minute, what is out of bounds.

-- Processes that serve streams. One that does not beat any more is gone, and its connections with it.
create unlogged table campana.process (
  id   uuid primary key,
  name text not null,                         -- host and process number
  beat timestamptz not null
) with (fillfactor = 20, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Open streams, written by their process about once a second. After a crash each writes its own anew.
create unlogged table campana.connection (
  tenant_id  uuid not null,
  id         uuid not null,
  process_id uuid not null,
  user_id    uuid not null,
  kind       text not null,                   -- html: a page; json: a program
  credential text not null,                   -- session, key, token
  key_id     uuid,                            -- the key's or token issuer's
  address    text not null,
  agent      text not null,
  since      timestamptz not null,
  is_closing boolean not null default false,  -- an administrator wants it closed
  primary key (tenant_id, id)
) with (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0);
create index connection_of_process on campana.connection (process_id);

-- What happened, added up by all processes. Minutes are kept for two days, hours for a hundred.
create table campana.statistic (
  tenant_id     uuid not null,
  span          text not null check (span in ('minute', 'hour')),
  at            timestamptz not null,         -- its beginning
  events        integer not null default 0,
  notifications integer not null default 0,
  latency       integer[],                    -- events by time from published to dispatched, see campana.latency_bounds()
  connections   integer not null default 0,   -- the most at a time
  opened        integer not null default 0,   -- streams
  reopened      integer not null default 0,   -- of them those that had been cut
  requests      integer not null default 0,
  errors        integer not null default 0,   -- of them those that failed by our fault (5xx)
  primary key (tenant_id, span, at)
) with (fillfactor = 70);

-- The same per type, in hours.
create table campana.statistic_of_type (
  tenant_id     uuid not null,
  at            timestamptz not null,
  type          text not null,
  events        integer not null default 0,
  notifications integer not null default 0,
  primary key (tenant_id, at, type)
) with (fillfactor = 70);

-- What is out of bounds now, and was told to the administrators; the row goes when it is well again.
create table campana.alert (
  tenant_id uuid not null,
  kind      text not null check (kind in ('connections', 'latency', 'errors', 'reconnections')),
  value     integer not null,
  bound     integer not null,
  raised_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, kind)
);
