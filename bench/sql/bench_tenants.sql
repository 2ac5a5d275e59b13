select slug, id from campana.tenant;
