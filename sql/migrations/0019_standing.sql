-- What a type, its tenant and a role say together of one type at one priority (campana.standing). `channels`: for whoever
-- set nothing, unless `timed`: then the reader's clock counts too. `masks`: before the priority was looked at.
create type campana.role_standing as (
  role text, channels integer, masks integer, locked integer, minimum integer,
  quiet_from time, quiet_to time, work_days smallint, breaks_through boolean, timed boolean);
