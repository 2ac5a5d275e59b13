-- name: join_topic$
-- True: joined now; false: before; null: too many joined.
select campana.join_topic(:tenant, :user_id, :topic, :most);

-- name: leave!
delete from campana.topic_subscription
where tenant_id = :tenant and topic = :topic and user_id = :user_id;

-- name: has_joined$
select exists (
  select from campana.topic_subscription
  where tenant_id = :tenant and topic = :topic and user_id = :user_id);

-- name: joined_by
select topic
from campana.topic_subscription
where tenant_id = :tenant and user_id = :user_id
order by topic;
