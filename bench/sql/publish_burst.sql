select public.publish_event(
  tenant => 'carga',
  type => 'announcement:published',
  audience => 'all',
  title => burst.title,
  message => $2,
  data => $3::jsonb,
  url => '/pedidos/1742')
from unnest($1::text[]) with ordinality as burst (title, place)
order by burst.place;
