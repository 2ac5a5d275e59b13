-- name: profile^
-- Everything that is kept of the account itself.
-- former_emails: without those that somebody else of the tenant has by now.
select u.id, u.email, u.name, u.role, b.name as branch, u.locale, u.time_zone, u.active, u.created_at,
  array(
    select f.email from unnest(u.former_emails) f (email)
    where not exists (select from campana.users o where o.tenant_id = :tenant and o.email = f.email)
  ) as former_emails,
  u.password_hash is not null as has_password, h.seq as notifications_ever, h.unread
from campana.users u
left join campana.branch b on b.tenant_id = u.tenant_id and b.id = u.branch_id
left join campana.inbox_head h on h.tenant_id = u.tenant_id and h.user_id = u.id
where u.tenant_id = :tenant and u.id = :person;

-- name: sessions
select s.created_at, s.expires_at
from campana.session s
where s.tenant_id = :tenant and s.user_id = :person
order by s.created_at;

-- name: choices
-- What the person chose, row by row: which table, and the row without the ids.
select 'preference' as kind, to_jsonb(p) - 'tenant_id' - 'user_id' as value
from campana.user_preference p where p.tenant_id = :tenant and p.user_id = :person
union all
select 'attention', to_jsonb(a) - 'tenant_id' - 'user_id'
from campana.user_attention a where a.tenant_id = :tenant and a.user_id = :person
union all
select 'mute', to_jsonb(m) - 'tenant_id' - 'user_id'
from campana.user_mute m where m.tenant_id = :tenant and m.user_id = :person
union all
select 'settings', to_jsonb(s) - 'tenant_id' - 'user_id'
from campana.user_settings s where s.tenant_id = :tenant and s.user_id = :person
union all
select 'topic', to_jsonb(t) - 'tenant_id' - 'user_id'
from campana.topic_subscription t where t.tenant_id = :tenant and t.user_id = :person;

-- name: notifications
-- A page of the inbox, oldest first.
select i.id, i.seq, e.type, e.words, e.data, e.priority, e.published_at, i.read_at, i.reason,
  (array['visible', 'snoozed', 'deleted', 'expired'])[i.state + 1] as state
from (
  select * from campana.inbox i
  where i.tenant_id = :tenant and i.user_id = :person and i.seq > :after
  order by i.seq
  limit :limit
) i
left join campana.event e on e.tenant_id = :tenant and e.id = i.event_id
order by i.seq;

-- name: audit
-- A page of what the audit says of or by the person, oldest first. An e-mail tells only where no id does: it may have
-- been somebody else's.
select a.id, a.at, a.actor, a.action, a.detail,
  coalesce(a.actor_id = :person::uuid, a.actor = any (:emails::text[]))
    or coalesce(a.detail ->> 'user' = :person::uuid::text, exists (
      select from unnest(:emails::text[]) m (email) where strpos(a.detail::text, m.email) > 0)) as is_about
from campana.audit a
where a.tenant_id = :tenant and a.id > :after
order by a.id
limit :limit;

-- name: erase!
select campana.erase_person(:tenant, :person, :name);

-- name: erasure^
-- How far erasing the person has come; no row when nobody asked for it.
select stage, notifications, events, began_at, ended_at
from campana.erasure
where tenant_id = :tenant and user_id = :person;

-- name: erasing
-- People of every tenant of whom something is left.
select tenant_id, user_id from campana.erasure where stage <> 'done' order by began_at;

-- name: step^
select stage, notifications, events from campana.erase_step(:tenant, :person);
