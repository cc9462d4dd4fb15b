import { connectionRules } from "./connection";
import { checkRules } from "./support";

checkRules("connection and login", connectionRules);
