-- name: publish_at_once
-- Each event's id, or what is wrong with it; a transaction of its own.
select id, code, message, field, hint
from campana.publish_at_once(:tenant, :events);

-- name: take_turns!
-- Arrays of one tenant that name dedupe keys go one after the other: in different orders they
-- would wait for each other in a circle.
select pg_advisory_xact_lock(hashtextextended(:tenant || ' dedupe', 0));

-- name: dry_run
-- As publish_at_once, undone, and whom each event would be for.
select id, code, message, field, hint, is_repeated, people, names
from campana.dry_run(:tenant, :events, make_interval(secs => :patience));
