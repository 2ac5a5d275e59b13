-- Finding notifications by their words. Whoever changes how lexemes are made writes a chapter that puts all
-- events into campana.unsearched again.

-- Text without case and accents, for comparing.
create or replace function campana.folded(words text) returns text
language sql immutable as $$
  select lower(regexp_replace(normalize(lower(words), nfkd), '[\u0300-\u036f]', '', 'g'));
$$;

-- Text whose words are parted by spaces and nothing else: `12-b`, `a/b` and `x@y.z` are words of their own.
create or replace function campana.parted(words text) returns text
language sql immutable as $$
  select regexp_replace(words, '[!-/:-@\[-`{-~¡¿«»“”‘’…–—·•\s]+', ' ', 'g');
$$;

-- What a lexeme begins with: tenant, and language ('' for what is said in all of them).
create or replace function campana.lexeme_mark(tenant uuid, locale text) returns text
language sql immutable as $$
  select right(tenant::text, 8) || ':' || locale || ':';
$$;

-- The lexemes of a text: its words as they are, and their Spanish and English stems, all folded. Spanish stems are
-- taken with the accents and without: `reservación` shall be found by `reservaciones` and `reservacion`.
create or replace function campana.lexemes(mark text, words text) returns setof text
language sql immutable rows 30 as $$
  select mark || left(word, 60)
  from (select campana.parted(lower(words)) as kept, campana.parted(campana.folded(words)) as plain) t
  cross join lateral unnest(string_to_array(campana.folded(array_to_string(tsvector_to_array(
    to_tsvector('pg_catalog.simple', t.plain) || to_tsvector('pg_catalog.spanish', t.plain)
      || to_tsvector('pg_catalog.spanish', t.kept) || to_tsvector('pg_catalog.english', t.plain)), ' ')), ' ')) word
  where word <> '';
$$;

-- Everything an event says: title and message in each language, and who did it.
create or replace function campana.event_lexemes(tenant uuid, words jsonb, actor_name text) returns tsvector
language sql stable as $$
  select array_to_tsvector(array(
    select l
    from jsonb_each(words) said
    cross join lateral campana.lexemes(campana.lexeme_mark(tenant, said.key),
      concat_ws(' ', said.value ->> 'title', said.value ->> 'message')) l
    union
    select l from campana.lexemes(campana.lexeme_mark(tenant, ''), coalesce(actor_name, '')) l
  ));
$$;

-- The words of a question, at most ten, each with the forms it may have been kept in.
create or replace function campana.sought_forms(sought text)
returns table (number bigint, word text, stems text[], is_last boolean)
language sql immutable rows 5 as $$
  select s.number, left(f.word, 60), array(
      select left(campana.folded(stem), 60)
      from unnest(ts_lexize('pg_catalog.spanish_stem', f.word) || ts_lexize('pg_catalog.spanish_stem', s.kept)
        || ts_lexize('pg_catalog.english_stem', f.word)) stem
    ), s.number = max(s.number) over ()
  from regexp_split_to_table(btrim(campana.parted(lower(sought))), ' ') with ordinality s (kept, number)
  cross join lateral (select campana.folded(s.kept) as word) f
  where s.number <= 10 and s.kept <> '';
$$;

-- The question for one tenant and language: all words, the last one as a beginning. Null without words.
create or replace function campana.sought(tenant uuid, locale text, sought text) returns tsquery
language sql stable as $$
  select string_agg('(' || terms || ')', ' & ')::tsquery
  from (
    select string_agg(quote_literal(campana.lexeme_mark(tenant, l.locale) || form) || ending, ' | ') as terms
    from campana.sought_forms(sought) f
    cross join (values (sought.locale), ('')) l (locale)
    cross join lateral (
      select f.word, case when f.is_last then ':*' else '' end
      union
      select s, '' from unnest(f.stems) s where s <> ''
    ) v (form, ending)
    group by f.number
  ) each_word;
$$;

-- Which of these words answer the question, to be marked.
create or replace function campana.matching_words(sought text, words text[]) returns setof text
language sql stable as $$
  select w.word
  from unnest(words) w (word)
  cross join lateral (select campana.folded(w.word) as plain) f
  where exists (
    select from campana.sought_forms(sought) s
    where f.plain = s.word or (s.is_last and starts_with(f.plain, s.word))
      or ts_lexize('pg_catalog.spanish_stem', f.plain) && s.stems
      or campana.folded((ts_lexize('pg_catalog.spanish_stem', w.word))[1]) = any (s.stems)
      or ts_lexize('pg_catalog.english_stem', f.plain) && s.stems
  );
$$;

-- Events of a tenant that answer `wanted`; one more than `at_most` says: more than can be looked at. Null where the
-- index is of no use. A definer function: under a tenant's policy a GIN index is not used. The lexemes name the
-- tenant; the look afterwards is the wall behind it, `offset 0` keeps it from becoming the way in.
create or replace function campana.events_saying(tenant uuid, wanted tsquery, at_most integer) returns uuid[]
language plpgsql stable security definer set search_path = campana, pg_temp set enable_seqscan = off as $$
begin
  if tenant is distinct from campana.current_tenant() then
    perform campana.refuse('CA007', 'tenant', 'There is no such tenant.', 'Ask for your own.');
  end if;
  -- one role for all parts: its policy is in the way here too
  if /*one_role*/false then
    return null;
  end if;
  return array(
    select w.event_id
    from (
      select a.tenant_id, a.event_id from campana.event_words a where a.lexemes @@ wanted
      limit at_most + 1 offset 0
    ) w
    where w.tenant_id = tenant
  );
end;
$$;

-- Among the newest `span` rows below `before`: the seqs of those that match, newest first, and where the look ended
-- (looked_to; null when it reached the oldest). Reads the words of an event that the clock has not come to yet.
create or replace function campana.look_through(
  tenant uuid, reader uuid, before bigint, wanted tsquery, only_unread boolean, gone boolean, kind text, urgency text,
  span integer, out seqs bigint[], out looked_to bigint)
language plpgsql stable set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  with looked as materialized (
    select i.seq, i.event_id, i.read_at
    from campana.newest_notifications(tenant, reader, before, only_unread, span, 0) i
    where not gone
    union all
    select i.seq, i.event_id, i.read_at from campana.deleted_notifications(tenant, reader, before, span) i
    where gone
  )
  select
    array(
      select l.seq
      from looked l
      join campana.event e on e.tenant_id = tenant and e.id = l.event_id
      left join campana.event_words w on wanted is not null and w.tenant_id = tenant and w.event_id = l.event_id
      where (l.read_at is null or not only_unread)
        and (kind is null or e.type = kind) and (urgency is null or e.priority = urgency)
        and (wanted is null or coalesce(w.lexemes, campana.event_lexemes(tenant, e.words, (
          select u.name from campana.users u where u.tenant_id = tenant and u.id = e.actor
        ))) @@ wanted)
      order by l.seq desc
    ),
    (select case when count(*) >= span then min(l.seq) end from looked l)
  into seqs, looked_to;
end;
$$;

-- Which of these events are in an inbox, at which seq: where they were written, or where collapsing moved them.
create or replace function campana.seqs_of_events(tenant uuid, reader uuid, events uuid[])
returns table (seq bigint)
language sql stable rows 100 as $$
  select r.seqs[array_position(r.user_ids, reader)]
  from unnest(events) wanted
  cross join lateral (
    select * from campana.event_recipients r
    where r.tenant_id = tenant and r.event_id = wanted and r.first_user <= reader
    order by r.first_user desc
    limit 1
  ) r
  union
  select m.seq from campana.inbox m
  where m.user_id = reader and m.moved and m.tenant_id = tenant and m.event_id = any (events);
$$;

-- The seqs below `before` that match, newest first. Words that are said often are found by looking through the newest
-- rows; rare ones by the index; and what is frequent in the tenant but not in this inbox, or only of some kind, by a
-- longer look (unless `far` is 0), which says where it ended. `enough`: how many fill the page.
create or replace function campana.look_for(
  tenant uuid, reader uuid, before bigint, wanted tsquery, only_unread boolean, gone boolean, kind text, urgency text,
  enough integer, near integer, far integer, known integer, out seqs bigint[], out looked_to bigint)
language plpgsql stable as $$
declare
  events uuid[];
begin
  select l.seqs, l.looked_to into seqs, looked_to
  from campana.look_through(tenant, reader, before, wanted, only_unread, gone, kind, urgency, near) l;
  if looked_to is null or cardinality(seqs) > enough or far = 0 then
    return;
  end if;
  if wanted is not null then
    events := campana.events_saying(tenant, wanted, known);
  end if;
  if cardinality(events) <= known then
    seqs := seqs || array(
      select i.seq
      from (select s.seq from campana.seqs_of_events(tenant, reader, events) s offset 0) s
      join campana.inbox i on i.tenant_id = tenant and i.user_id = reader and i.seq = s.seq
      join campana.event e on e.tenant_id = tenant and e.id = i.event_id
      where i.seq < looked_to and i.event_id = any (events) and i.state = case when gone then 2 else 0 end
        and (i.read_at is null or not only_unread)
        and (kind is null or e.type = kind) and (urgency is null or e.priority = urgency)
      order by i.seq desc
    );
    looked_to := null;
  else
    select look_for.seqs || l.seqs, l.looked_to into seqs, looked_to
    from campana.look_through(tenant, reader, looked_to, wanted, only_unread, gone, kind, urgency, far) l;
  end if;
end;
$$;

-- Every event that is written waits for the clock to keep its words: the fan-out only leaves a note.
create or replace function campana.note_unsearched() returns trigger language plpgsql as $$
begin
  insert into campana.unsearched (tenant_id, event_id) select n.tenant_id, n.id from new_events n;
  return null;
end;
$$;
create or replace trigger note_unsearched after insert on campana.event
  referencing new table as new_events
  for each statement execute function campana.note_unsearched();

-- Keeps the words of the events waiting longest; how many they were. What another process is at is left to it.
create or replace function campana.keep_words(at_most integer) returns integer
language plpgsql volatile as $$
declare
  kept integer;
begin
  -- what a crash takes back is kept again: nobody waits for the disk
  perform set_config('synchronous_commit', 'off', true);
  with due as materialized (
    select u.id from campana.unsearched u order by u.id limit at_most for update skip locked
  ),
  taken as materialized (
    delete from campana.unsearched u using due where u.id = due.id
    returning u.tenant_id, u.event_id
  ),
  written as (
    insert into campana.event_words (tenant_id, event_id, lexemes)
    select e.tenant_id, e.id, campana.event_lexemes(e.tenant_id, e.words, (
      select u.name from campana.users u where u.tenant_id = e.tenant_id and u.id = e.actor
    ))
    from taken t
    cross join lateral (
      select * from campana.event e where e.tenant_id = t.tenant_id and e.id = t.event_id offset 0
    ) e
    on conflict (tenant_id, event_id) do update set lexemes = excluded.lexemes
  )
  select count(*) into kept from taken;
  return kept;
end;
$$;
