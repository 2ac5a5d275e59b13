-- name: login^
-- Who migrates, on which version, and whether that login may create roles.
select
    rolname as name,
    rolsuper as is_superuser,
    rolsuper or rolcreaterole as creates_roles,
    current_setting('server_version_num')::integer as server_version
from pg_catalog.pg_roles
where rolname = current_user;

-- name: existing
-- Those of the named roles that exist, and whether the login may act as them (:act, MEMBER up to
-- version 15, SET from 16 on) and inherits their rights, which replacing a function needs.
select
    rolname as name,
    pg_has_role(current_user, oid, :act) and pg_has_role(current_user, oid, 'USAGE') as is_usable
from pg_catalog.pg_roles
where rolname = any(:names);

-- name: statement_to_create$
select format('create role %I nologin', :name::text);

-- name: statement_to_grant$
-- From version 16 on creating a role does not yet mean being able to act as it.
select format(
    case
        when current_setting('server_version_num')::integer >= 160000
            then 'grant %I to %I with inherit true, set true'
        else 'grant %I to %I'
    end,
    :name::text, current_user
);

-- name: statement_to_let_in$
-- The password is a SCRAM verifier, so that no log ever holds the password itself.
select format('alter role %I login password %L', :name::text, :verifier::text);
