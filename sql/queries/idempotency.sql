-- name: claim^
-- Ask for a key: new, replay, other_body or in_flight. Held until the transaction ends.
select state, status, answer from campana.claim_idempotency_key(:tenant, :key, :digest);

-- name: keep!
-- The answer to give from now on; commits with what it speaks of.
insert into campana.idempotency (tenant_id, key, digest, status, answer)
values (:tenant, :key, :digest, :status, :answer);

-- name: forget!
-- Keys older than this are free again.
delete from campana.idempotency where created_at < :before;
