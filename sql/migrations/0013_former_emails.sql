-- E-mails that somebody had before: what was written under them is found when the person is erased or asks for it.
alter table campana.users add column former_emails text[] not null default '{}';
alter table campana.erasure add column former_emails text[] not null default '{}';  -- as email, of audiences
