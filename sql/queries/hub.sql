-- name: admit
-- May these streams be open, and where is each inbox? One row per stream: ord, or none when the
-- session, key, token issuer, user or tenant is no longer what it was. Asked at opening and by every sweep.
-- over_for: seconds for which the user has done too much (sql/functions/075_limits.sql), else null.
select c.ord, h.seq, h.unread, h.rev, h.floor, coalesce(u.locale, t.locale) as locale, o.over_for
from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[]) with ordinality
  c (tenant_id, user_id, auth_version, credential, credential_id, ord)
-- `offset 0` keeps these look-ups by key per stream, whatever the statistics say: without them the
-- planner may walk through a tenant's people once for each stream
cross join lateral (
  select u.auth_version, u.locale from campana.users u
  where u.tenant_id = c.tenant_id and u.id = c.user_id and u.active offset 0
) u
cross join lateral (
  select h.seq, h.unread, h.rev, h.floor from campana.inbox_head h
  where h.tenant_id = c.tenant_id and h.user_id = c.user_id offset 0
) h
left join lateral (
  select extract(epoch from e.ends_at - clock_timestamp())::double precision as over_for from campana.client_event e
  where e.tenant_id = c.tenant_id and e.user_id = c.user_id and e.is_over and e.ends_at > clock_timestamp() offset 0
) o on true
join campana.tenant t on t.id = c.tenant_id and t.active
where u.auth_version = c.auth_version and case c.credential
  when 'session' then exists (
    select from campana.session s
    where s.token_hash = decode(c.credential_id, 'hex') and s.user_id = c.user_id and s.expires_at > clock_timestamp())
  when 'key' then exists (
    select from campana.api_key k
    where k.tenant_id = c.tenant_id and k.id = c.credential_id::uuid and k.revoked_at is null
      and (k.expires_at is null or k.expires_at > clock_timestamp()))
  when 'token' then exists (  -- the stream's own deadline is the token's end
    select from campana.token_issuer i
    where i.tenant_id = c.tenant_id and i.id = c.credential_id::uuid and i.revoked_at is null)
end;

-- name: snapshot$
-- A poller hands it back and gets the live messages committed since; with the time in seconds.
select pg_current_snapshot() || '@' || extract(epoch from clock_timestamp())::bigint;

-- name: news
-- What each cursor has not seen yet, at most $4 rows each. Cursors with the same news share a row:
-- a broadcast to a thousand streams comes back as one, with arrays of plain numbers.
with cursor as (
  select * from unnest($1::uuid[], $2::uuid[], $3::bigint[]) with ordinality c (tenant_id, user_id, after, ord)
),
news as (
  select c.ord, h.seq as head, h.unread, h.rev, n.ids, n.event_ids, n.seqs, n.reads, n.masks
  from cursor c
  cross join lateral (
    select h.seq, h.unread, h.rev from campana.inbox_head h
    where h.tenant_id = c.tenant_id and h.user_id = c.user_id offset 0  -- by key, as in admit
  ) h
  cross join lateral (
    select array_agg(i.id) as ids, array_agg(i.event_id) as event_ids, array_agg(i.seq) as seqs, array_agg(i.is_read) as reads,
      array_agg(i.channels) as masks
    from (
      select i.id, i.event_id, i.seq, i.channels, i.read_at is not null as is_read
      from campana.inbox i
      where i.tenant_id = c.tenant_id and i.user_id = c.user_id and i.seq > c.after and i.state = 0
      order by i.seq
      limit $4
    ) i
  ) n
)
select ids, event_ids, reads, masks,
  case when seqs[cardinality(seqs)] - seqs[1] <> cardinality(seqs) - 1 then seqs end as seqs,
  array_agg(ord) as ords, array_agg(head) as heads, array_agg(unread) as unreads, array_agg(rev) as revs,
  array_agg(seqs[1]) as firsts
from news
group by 1, 2, 3, 4, 5;

-- name: signals
-- Live messages by id.
select s.id, s.xid::text as xid, s.tenant_id, s.name, s.event_id, s.rule::text as rule, s.user_id, s.payload
from campana.signal s
where s.id = any ($1::bigint[])
order by s.id;

-- name: recent_signals
-- All live messages above an id: what to look at when hints may have been lost.
select s.id, s.xid::text as xid
from campana.signal s
where s.id > $1
order by s.id
limit $2;

-- name: last_signal$
-- The highest id given. Of the sequence, which only a crash sets back; the table is emptied by time too.
select coalesce(pg_sequence_last_value('campana.signal_id_seq'), 0);

-- name: signals_since
-- Live messages of a tenant committed since a snapshot and before another.
select s.id, s.xid::text as xid, s.tenant_id, s.name, s.event_id, s.rule::text as rule, s.user_id, s.payload
from campana.signal s
where s.tenant_id = $1
  and not pg_visible_in_snapshot(s.xid, $2::text::pg_snapshot)
  and pg_visible_in_snapshot(s.xid, $3::text::pg_snapshot)
order by s.id
limit $4;

-- name: audience
-- Who of these connected users each rule names: the one evaluator, with current rights.
select r.ord as rule, array_agg(m.user_id) as users
from unnest($1::uuid[], $2::text[]) with ordinality r (tenant_id, rule, ord)
cross join lateral campana.audience_members(r.tenant_id, r.rule::jsonb, $3::uuid[]) m
group by r.ord;

-- name: events
-- Events by id, for frames.
select e.tenant_id, e.id, e.type, e.words, e.data, e.priority, e.variant, e.url, e.actions, e.actor, e.subject, e.published_at
from unnest($1::uuid[], $2::uuid[]) w (tenant_id, id)
join campana.event e on e.tenant_id = w.tenant_id and e.id = w.id;
