-- What a dispatcher hands to the hub of its own process (campana.fan_out), so that it need not ask.

create type campana.hearers as (rule text, user_ids uuid[]);

-- `ords`: ids of outbox rows, and the mask of each; in arrays side by side, whose heads stand where after them.
create type campana.shared_news as (
  ords bigint[], masks integer[], user_ids uuid[], seqs bigint[], unreads integer[], revs bigint[]);
