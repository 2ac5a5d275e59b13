-- name: enter_tenant$
-- Who this transaction acts for; row-level security shows it nothing else.
select set_config('app.tenant_id', :tenant_id, true) || set_config('app.user_id', :user_id, true);

-- name: leave!
-- Undoes whatever a borrower set, also a stray SET ROLE: both return to what the connection started with.
reset role; reset all;

-- name: acts_as$
-- The role in force; in one-role mode the setting that tells the bus from requests, too.
select concat_ws(' ', current_user, nullif(current_setting('app.bus', true), ''));
