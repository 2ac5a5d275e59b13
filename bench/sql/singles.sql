-- $1 events for one person each, of the first $2 people of tenant `carga`.
select count(public.publish_event(
  tenant => 'carga',
  type => 'sale:created',
  audience => format('user:u%s@carga.demo', lpad((1 + n * 7 % $2::integer)::text, 5, '0')),
  title => format('Venta %s', n),
  message => 'Marta · $12.50'))
from generate_series(1, $1::integer) n;
