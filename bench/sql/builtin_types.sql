select name from campana.builtin_type where lasting order by name;
