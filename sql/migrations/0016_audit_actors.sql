-- Who did it, whatever e-mail they or others have by now; null: no person, or one who is not known any more.
alter table campana.audit add column actor_id uuid;
update campana.audit a set actor_id = u.id
from campana.users u
where u.tenant_id = a.tenant_id and (u.email = a.actor or a.actor = any (u.former_emails) and not exists (
  select from campana.users o where o.tenant_id = a.tenant_id and o.id <> u.id and (o.email = a.actor or a.actor = any (o.former_emails))));
