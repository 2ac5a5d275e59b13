-- Topics that people have joined. Who may join which is known by the businesses (campana/topics.py).

-- True when joined by this call, false when before; null when `most` have been joined already. One at a
-- time for each user, so that they are counted right.
create or replace function campana.join_topic(tenant uuid, who uuid, topic text, most integer) returns boolean
language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('topics ' || who, 0));
  if exists (
    select from campana.topic_subscription s
    where s.tenant_id = tenant and s.topic = join_topic.topic and s.user_id = who
  ) then
    return false;
  end if;
  if (select count(*) from campana.topic_subscription s where s.tenant_id = tenant and s.user_id = who) >= most then
    return null;
  end if;
  insert into campana.topic_subscription (tenant_id, topic, user_id) values (tenant, join_topic.topic, who);
  return true;
end;
$$;

-- What was joined with one role may be closed to another: whoever gets a new one joins anew.
create or replace function campana.leave_all_topics() returns trigger
language plpgsql as $$
begin
  delete from campana.topic_subscription s where s.tenant_id = new.tenant_id and s.user_id = new.id;
  return null;
end;
$$;

create or replace trigger leave_all_topics after update of role on campana.users
for each row when (old.role is distinct from new.role) execute function campana.leave_all_topics();
