-- What somebody has used up of what may be done in a minute, shared by all processes. A crash empties
-- these tables, and everybody begins anew.

-- Client events: small things that a page tells us by itself, such as what was read (campana/limits.py).
create unlogged table campana.client_event (
  tenant_id uuid not null,
  user_id   uuid not null,
  ends_at   timestamptz not null,             -- of the minute that began with the first of them
  used      integer not null,                 -- refused ones too
  is_over   boolean not null,                 -- until ends_at: no client events, no streams
  primary key (tenant_id, user_id)
) with (fillfactor = 50);

-- Published events, taken by processes in portions.
create unlogged table campana.publishing (
  tenant_id uuid not null,
  publisher text not null,                    -- 'key:<id>', 'user:<id>', or '' for the whole tenant
  ends_at   timestamptz not null,
  used      integer not null,
  portion   integer not null,                 -- the one given last; 0: there was not enough left
  primary key (tenant_id, publisher)
) with (fillfactor = 50);

-- Whose topics: to list, count and end them.
create index topic_subscription_of_user on campana.topic_subscription (tenant_id, user_id);
