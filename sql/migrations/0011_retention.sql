-- What is kept and for how long; announcements; the words of types that tenants add.

-- How far the purge of a tenant has come. Whoever locks the row does the next step (sql/functions/035_retention.sql).
create table campana.retention (
  tenant_id   uuid primary key references campana.tenant,
  stage       text not null default 'done' check (stage in ('inboxes', 'events', 'records', 'done')),
  cutoff      timestamptz,                    -- what was dispatched before goes
  keep_unread boolean,                        -- the tenant's, when this purge began
  at_user     uuid,                           -- inboxes: the reader at hand, and up to where it was looked at
  at_seq      bigint,
  at_event    uuid,                           -- events: the last one looked at
  notifications bigint not null default 0,    -- gone in this purge
  events      bigint not null default 0,
  began_at    timestamptz,
  ended_at    timestamptz
);

-- Events of which this purge has left a notification: unread or snoozed. Empty between purges.
create table campana.kept_event (
  tenant_id uuid not null,
  event_id  uuid not null,
  primary key (tenant_id, event_id)
);

-- By age, for a few bytes per thousand rows: publishing pays nothing for it.
create index dedupe_age on campana.dedupe using brin (created_at) with (autosummarize = on, pages_per_range = 32);

-- An announcement and what became of it. Scheduled, on its way or there: that the corridor knows.
create table campana.announcement (
  tenant_id    uuid not null references campana.tenant,
  id           uuid not null,                 -- the event's, and so of the notification in every inbox
  words        jsonb not null,                -- {"<locale>": {"title", "message"}}; "" holds for every locale
  audience     text not null,
  priority     text not null,
  people       integer not null,              -- whom it was for when it was written
  deliver_at   timestamptz,                   -- null: at once
  author       uuid,
  created_at   timestamptz not null default clock_timestamp(),
  cancelled_at timestamptz,
  withdrawn_at timestamptz,
  corrected_at timestamptz,
  shown_as     uuid,                          -- the event whose words are shown since the last correction
  -- inboxes are changed in steps (sql/functions/036_announcements.sql)
  change       text check (change in ('correct', 'withdraw')),
  at_user      uuid,                          -- the first reader of the last piece that was changed
  changed      integer not null default 0,
  primary key (tenant_id, id)
);
create index announcement_changing on campana.announcement (tenant_id, id) where change is not null;

-- Types as data: their words are {placeholders} with formats (campana/type_words.py), no program.
alter table campana.tenant_type
  add column icon       text,
  add column audience   text,                 -- who it is for when the publisher does not say
  add column words      jsonb not null default '{}',  -- {"<locale>": {"name", "title", "message"}}
  add column sample     jsonb not null default '{}',  -- data to try the words with
  add column retired_at timestamptz;

-- Whose name and e-mail were replaced because they asked to be forgotten.
alter table campana.users add column erased_at timestamptz;

-- Erasing somebody goes on in steps after their account is gone (sql/functions/037_privacy.sql).
create table campana.erasure (
  tenant_id uuid not null,
  user_id   uuid not null,
  name      text,                             -- what events may say of them …
  email     text,                             -- … and audiences; null when nothing is left to do
  at_event  uuid,                             -- the last event looked at; null: the inbox comes first
  stage     text not null default 'inbox' check (stage in ('inbox', 'events', 'done')),
  notifications bigint not null default 0,    -- gone
  events    bigint not null default 0,        -- that named them
  began_at  timestamptz not null default clock_timestamp(),
  ended_at  timestamptz,
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references campana.users on delete cascade
);
