-- name: publish_at_once^
-- The id of an array's only event, or what is wrong with it; a transaction of its own.
select id, code, message, field, hint
from campana.publish_at_once(:tenant, :events);
