select count(*) from campana.outbox;
