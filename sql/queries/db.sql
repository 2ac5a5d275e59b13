-- name: enter_tenant$
-- Who this transaction acts for; row-level security shows it nothing else.
select set_config('app.tenant_id', :tenant_id, true) || set_config('app.user_id', :user_id, true);

-- name: leave!
-- Undoes whatever a borrower set, also a stray SET ROLE: both return to what the connection started with.
reset role; reset all;
