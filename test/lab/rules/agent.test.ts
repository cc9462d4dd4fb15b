import { agentRules } from "./agent";
import { agentRightsRules } from "./agent-rights";
import { checkRules } from "./support";

checkRules("SQL Server Agent", [...agentRules, ...agentRightsRules]);
