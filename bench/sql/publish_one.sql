select public.publish_event(
  tenant => 'carga',
  type => 'announcement:published',
  audience => $1,
  title => $2,
  message => $3,
  data => $4::jsonb,
  url => '/pedidos/1742');
