truncate campana.outbox;
