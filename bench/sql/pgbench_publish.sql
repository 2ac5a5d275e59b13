select public.publish_event(tenant => 'tienda', type => :type, audience => :audience, title => :title, message => :message, data => :data, url => '/sales/1742');
