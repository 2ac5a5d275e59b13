select count(public.publish_event(
  tenant => 'carga',
  type => 'announcement:published',
  audience => 'all',
  title => format('Pedido %s para %s', to_char(n, 'FM0000000'), (array['Marta', 'José', 'Óscar', 'Lucía', 'Iván'])[1 + n % 5]),
  message => format('Mesa %s: %s y %s. Total %s dólares.', 1 + n % 97,
    (array['pupusas revueltas', 'tamales de elote', 'sopa de res', 'yuca frita', 'ensalada fresca'])[1 + n % 5],
    (array['horchata', 'atol de elote', 'café', 'agua de coco', 'tamarindo', 'cebada', 'ensalada de frutas'])[1 + n % 7],
    1 + n % 41)))
from generate_series($1::integer, $2::integer) n;
