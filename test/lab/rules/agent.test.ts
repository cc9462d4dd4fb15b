import { agentNotHeld, agentRules } from "./agent";
import { checkRules } from "./support";

checkRules("SQL Server Agent", agentRules, agentNotHeld);
