-- Who is connected: what processes tell each other of their streams.

-- What has come and gone since a process told last, and that it lives. is_new: nothing was known of it, so
-- it must tell everything. closing: which of its streams somebody wants closed.
create or replace function campana.tell_connections(
  process uuid, process_name text, come jsonb, gone uuid[], out is_new boolean, out closing uuid[])
language plpgsql volatile as $$
begin
  insert into campana.process as p (id, name, beat) values (process, process_name, clock_timestamp())
  on conflict (id) do update set beat = excluded.beat
  returning p.xmax = 0 into is_new;
  if jsonb_array_length(come) > 0 then
    insert into campana.connection (tenant_id, id, process_id, user_id, kind, credential, key_id, address, agent, since)
    select c.tenant_id, c.id, process, c.user_id, c.kind, c.credential, c.key_id, c.address, c.agent, c.since
    from jsonb_to_recordset(come) c (
      tenant_id uuid, id uuid, user_id uuid, kind text, credential text, key_id uuid, address text, agent text, since timestamptz)
    on conflict do nothing;
  end if;
  if cardinality(gone) > 0 then
    delete from campana.connection c where c.process_id = process and c.id = any (gone);
  end if;
  select array_agg(c.id) into closing from campana.connection c where c.process_id = process and c.is_closing;
end;
$$;

-- Processes that have not been heard of for a while, and what they told.
create or replace function campana.forget_processes(silence interval) returns void
language sql volatile as $$
  delete from campana.process where beat < clock_timestamp() - silence;
  delete from campana.connection c where not exists (select from campana.process p where p.id = c.process_id);
$$;
