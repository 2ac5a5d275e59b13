select count(*) from campana.unsearched;
