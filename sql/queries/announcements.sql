-- name: audience^
-- Whom an audience names now, without the author, and the first names.
select people, names from campana.audience_count(:tenant, :audience, :author);

-- name: add!
insert into campana.announcement (tenant_id, id, words, audience, priority, people, deliver_at, author)
values (:tenant, :id, :words, :audience, :priority, :people, :deliver_at, :author);

-- name: page
-- Newest first, below :before.
select * from campana.announcements(:tenant, null, :before, :limit);

-- name: one^
select *, campana.announcement_read(:tenant, id) as read
from campana.announcements(:tenant, :id, null, 1);

-- name: correct!
select campana.correct_announcement(:tenant, :id, :words, :title, :message, :data, :said);

-- name: withdraw$
-- Whether inboxes have to be changed.
select campana.withdraw_announcement(:tenant, :id);

-- name: changing
-- Announcements whose inboxes are being changed, of every tenant.
select tenant_id, id from campana.announcement where change is not null order by tenant_id, id;

-- name: step^
select stage, user_ids, signal_ids from campana.change_announcement(:tenant, :id);
