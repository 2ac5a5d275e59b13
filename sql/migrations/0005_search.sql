-- Search: an event's words are kept once, however many people it reached. Inboxes get nothing to write.

-- What an event says, ready to be found (campana.event_lexemes).
create table campana.event_words (
  tenant_id uuid not null,
  event_id  uuid not null,
  lexemes   tsvector not null,
  primary key (tenant_id, event_id)
);
-- Lexemes begin with their tenant, so that what one tenant says often costs another nothing. Written by the
-- clock in rounds: a pending list would be emptied in the middle of somebody's search.
create index event_words_lexemes on campana.event_words using gin (lexemes) with (fastupdate = off);

-- Events whose words the clock has not looked at yet.
create table campana.unsearched (
  id        bigint generated always as identity primary key,
  tenant_id uuid not null,
  event_id  uuid not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- Those that are there already; the owner sees them only where security is not forced.
alter table campana.event no force row level security;
insert into campana.unsearched (tenant_id, event_id) select tenant_id, id from campana.event order by tenant_id, id;
alter table campana.event force row level security;

-- Deleted ones are listed too. An ordinary row is still in one index only.
create index inbox_deleted on campana.inbox (tenant_id, user_id, seq) where state = 2;
