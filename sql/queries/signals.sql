-- name: notify!
-- A hint: ids only, in a transaction of its own, so that no fsync happens under the cluster-wide lock.
select pg_notify(:channel, :payload);

-- name: tell$
-- A live message without words, to whom the rule names: open pages ask again. The id to hint at.
insert into campana.signal (tenant_id, name, rule, payload)
values (:tenant, :name, :rule, campana.live_payload(campana.uuid7(), :name, '{"": {}}', '{}', 'low', 'info', null,
  null, null, null, now()))
returning id;

-- name: forget_old!
-- Live messages are never replayed after a minute.
delete from campana.signal where created_at < clock_timestamp() - interval '60 seconds';
