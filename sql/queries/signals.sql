-- name: notify!
-- A hint: ids only, in a transaction of its own, so that no fsync happens under the cluster-wide lock.
select pg_notify(:channel, :payload);

-- name: forget_old!
-- Live messages are never replayed after a minute.
delete from campana.signal where created_at < clock_timestamp() - interval '60 seconds';
