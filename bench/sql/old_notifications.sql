-- A thousand notifications of the last weeks for everybody of tenant `old`, half of them read, all past retention.
alter table campana.event disable trigger note_unsearched;

insert into campana.event (tenant_id, id, type, audience, words, data, priority, variant, published_at, dispatched_at)
select t.id, encode(overlay(uuid_send(gen_random_uuid()) placing substring(uuid_send(campana.uuid7_at(w.at)) for 6)
    from 1 for 6), 'hex')::uuid, 'sale:created', 'all', '{"": {"title": "x"}}', '{}', 'medium', 'info', w.at, w.at
from campana.tenant t
cross join (select now() - interval '20 days' + n * interval '1 minute' as at from generate_series(1, 1000) n) w
where t.slug = 'old';

alter table campana.event enable trigger note_unsearched;

insert into campana.inbox (tenant_id, user_id, id, event_id, seq, channels, reason, read_at)
select u.tenant_id, u.id, e.id, e.id, e.n, 1, 'all', case when random() < 0.5 then now() end
from (
  select e.id, e.tenant_id, row_number() over (order by e.id) as n
  from campana.event e join campana.tenant t on t.id = e.tenant_id where t.slug = 'old'
) e
join campana.users u using (tenant_id)
order by e.n, u.id;

insert into campana.event_recipients (tenant_id, event_id, first_user, user_ids, seqs)
select tenant_id, event_id, (array_agg(user_id order by user_id))[1], array_agg(user_id order by user_id),
  array_agg(seq order by user_id)
from (
  select i.*, (row_number() over (partition by i.event_id order by i.user_id) - 1) / 75 as piece
  from campana.inbox i join campana.tenant t on t.id = i.tenant_id where t.slug = 'old'
) i
group by tenant_id, event_id, piece;

update campana.inbox_head h
set seq = 1000, unread = (
  select count(*) from campana.inbox i
  where i.tenant_id = h.tenant_id and i.user_id = h.user_id and i.read_at is null)
from campana.tenant t where t.id = h.tenant_id and t.slug = 'old';

update campana.tenant_settings s set keep_unread = false
from campana.tenant t where t.id = s.tenant_id and t.slug = 'old';

vacuum analyze;
