-- Of tenant `carga`: the newest broadcast, the newest event for one person, and events that have a page of older ones below.
select
  (select e.id from campana.event e where e.tenant_id = t.id and e.audience = 'all' order by e.id desc limit 1) as broadcast,
  (select e.id from campana.event e where e.tenant_id = t.id and e.audience <> 'all' order by e.id desc limit 1) as single,
  (select array_agg(e.id) from (
    select e.id, row_number() over (order by e.id) as n, count(*) over () as events
    from campana.event e where e.tenant_id = t.id
  ) e where e.n in (40, e.events / 2, e.events - 40)) as older
from campana.tenant t
where t.slug = 'carga';
