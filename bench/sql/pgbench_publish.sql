select public.publish_event(tenant => 'carga', type => :type, audience => :audience, title => :title, message => :message, data => :data, url => '/pedidos/1742');
