select public.publish_event(
  tenant => $1,
  type => 'sale:created',
  audience => a.audience,
  title => 'Venta 7',
  message => 'Marta · $12.50')
from unnest($2::text[]) with ordinality as a (audience, place)
order by a.place;
