-- Idempotency-Key: whoever repeats a request gets the answer of the first, not a second effect.

-- The lock ends with the transaction that answers, so a crash frees the key, and "in flight" is
-- never a row that somebody forgot. The answer is looked up in a later statement than the lock:
-- it sees what the previous holder committed.
create or replace function campana.claim_idempotency_key(
  tenant uuid, key text, digest bytea,
  out state text, out status smallint, out answer jsonb)
language plpgsql volatile as $$
declare
  earlier campana.idempotency;
begin
  if not pg_try_advisory_xact_lock(hashtextextended(tenant || ' ' || key, 0)) then
    state := 'in_flight';
    return;
  end if;
  select * into earlier from campana.idempotency i where i.tenant_id = tenant and i.key = claim_idempotency_key.key;
  if earlier is null then
    state := 'new';
  elsif earlier.digest <> digest then
    state := 'other_body';
  else
    state := 'replay';
    status := earlier.status;
    answer := earlier.answer;
  end if;
end;
$$;
