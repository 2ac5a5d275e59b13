-- name: publish_event$
-- The one door into the corridor; see sql/functions/020_publish.sql.
select publish_event(
  tenant => :tenant, type => :type, audience => :audience, title => :title, message => :message,
  data => :data, priority => :priority, variant => :variant, url => :url, actions => :actions,
  actor => :actor, subject => :subject, dedupe_key => :dedupe_key, collapse_key => :collapse_key,
  deliver_at => :deliver_at, expires_at => :expires_at);

-- name: publish_batch
-- Each event's id, or what is wrong with it.
select ord, id, code, message, field, hint
from campana.publish_batch(:tenant, :items);

-- name: cancel_event!
-- Takes an event back before it is due.
select cancel_event(:tenant, :event_id);

-- name: own_tenant$
-- The tenant this transaction acts for, as publish_event() wants it named.
select current_setting('app.tenant_id', true);
