select f.tenant_id
from campana.fan_out(holder => $1, tenants => array[$2::uuid], ids => $3, said => $4) f;
