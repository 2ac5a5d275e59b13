-- What was cancelled before it was due may be published again: its key is given back.
alter table campana.scheduled add column dedupe_key text;
