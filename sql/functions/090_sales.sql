-- Sales: what the corridor asks of this business.

-- Administrators see every sale, whoever made it this one, as campana/domains/sales/records.py has it. A sale that is
-- not kept here (a publisher's own) is the administrators' alone.
create or replace function campana.viewers_of_sale(tenant uuid, id text, out roles text[], out people uuid[])
language sql stable as $$
  select
    array(select r.name from campana.role r where r.tenant_id = tenant and r.administers),
    array(
      select s.created_by from campana.sale s
      where s.tenant_id = tenant and s.id = campana.as_uuid(viewers_of_sale.id)
    );
$$;
