-- Words join the index a hundred events at a time: one by one, each common word's list is packed anew for each event,
-- 35 kB of the log an event and three quarters of all that a publication writes. Those that wait are looked
-- through by each search, at most 256 kB of them: a millisecond. Only the clock empties the list, and vacuum.
alter index campana.event_words_lexemes set (fastupdate = on, gin_pending_list_limit = 256);
