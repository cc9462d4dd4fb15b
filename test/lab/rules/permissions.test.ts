import { permissionRules } from "./permissions";
import { checkRules } from "./support";

checkRules("permissions", permissionRules);
