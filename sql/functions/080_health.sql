-- Readiness asks whether the schema is this program's: the ledger may be read, not written.
grant select on campana.migration to campana_bus;
