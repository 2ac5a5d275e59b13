-- So many lasting types of tenant $1's own that it knows $2 of them in all.
insert into campana.tenant_type (tenant_id, name, lasting, words)
select t.id, 'bench:type_' || lpad(n::text, 2, '0'), true, '{}'
from campana.tenant t
cross join generate_series(1, $2::integer - (select count(*) from campana.builtin_type where lasting)::integer) n
where t.slug = $1;
