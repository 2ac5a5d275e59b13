-- name: count_client_event
-- How many of this minute this one is, and the seconds until it ends.
select used, seconds
from campana.count_client_event(:tenant, :user_id, :most);

-- name: take_portion
-- Events that this process may publish now, what is left for others, and the seconds until the minute ends.
select portion, available, seconds
from campana.take_portion(:tenant, :publisher, :need, :most);
