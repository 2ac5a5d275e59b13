-- A table shaped like the outbox, indexes and all, to compare publishing with a plain insert.
create schema if not exists campana_bench;
drop table if exists campana_bench.outbox;
create table campana_bench.outbox (like campana.outbox including all);
