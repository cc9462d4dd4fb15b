import { stateRules } from "./states";
import { checkRules } from "./support";

checkRules("states of databases", stateRules);
