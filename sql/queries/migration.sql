-- name: lock_out_others!
-- One process at a time migrates; the lock ends with the transaction, also through a pooler.
select pg_advisory_xact_lock(1128353109, 1);

-- name: settle#
-- A migration may take its time, whatever the login's defaults are.
set local search_path = campana, public;
set local statement_timeout = 0;
set local lock_timeout = 0;
set local idle_in_transaction_session_timeout = 0;

-- name: has_schema$
select exists (select from pg_catalog.pg_namespace where nspname = 'campana');

-- name: create_schema#
create schema campana;

-- name: missing_extensions
select name
from unnest(array['btree_gist', 'pg_trgm', 'unaccent']) as needed (name)
where not exists (select from pg_catalog.pg_extension where extname = needed.name);

-- name: statement_to_extend$
select format('create extension if not exists %I schema public', :name::text);

-- name: create_ledger#
create table if not exists campana.migration (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
);
comment on table campana.migration is
    'Chapters of the schema that were applied, and the joint checksum of the functions.';
create table if not exists campana.role_mapping (
    the_only boolean primary key default true check (the_only),
    web text not null,
    bus text not null,
    auth text not null,
    publisher text not null,
    one_role boolean not null
);
comment on table campana.role_mapping is
    'Which database roles play campana_web, campana_bus, campana_auth and campana_publisher here.';

-- name: schemas_closed_to
-- Functions are given to campana_auth, for which it must be able to create some in their schemas.
select name
from unnest(array['campana', 'public']) as needed (name)
where not has_schema_privilege(:role::text, name, 'create');

-- name: statement_to_open$
select format('grant usage, create on schema %I to %I', :name::text, :role::text);

-- name: applied
select name, checksum from campana.migration order by name;

-- name: whose_rights$
-- Changes when the roles were made anew or the database came to another cluster: then rights are gone.
select format(
    '%s %s',
    (select system_identifier from pg_control_system()),
    (select string_agg(oid::text, ' ' order by oid) from pg_catalog.pg_roles where rolname = any(:names))
);

-- name: record!
insert into campana.migration (name, checksum)
values (:name, :checksum)
on conflict (name) do update
set checksum = excluded.checksum, applied_at = clock_timestamp();

-- name: role_mapping^
select web, bus, auth, publisher, one_role from campana.role_mapping;

-- name: record_roles!
insert into campana.role_mapping (web, bus, auth, publisher, one_role)
values (:web, :bus, :auth, :publisher, :one_role)
on conflict (the_only) do update
set web = excluded.web,
    bus = excluded.bus,
    auth = excluded.auth,
    publisher = excluded.publisher,
    one_role = excluded.one_role;
