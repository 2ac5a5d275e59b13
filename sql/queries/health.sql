-- name: look^
-- The server's version, and how long ago a dispatcher last showed itself (null: never).
select
  split_part(current_setting('server_version'), ' ', 1) as version,
  extract(epoch from clock_timestamp() - (select max(beat) from campana.dispatcher))::float as silence;

-- name: applied_migrations
-- Chapters of the schema that this database has.
select name from campana.migration;
