import { backupRules } from "./backup";
import { backupTailRules } from "./backup-tail";
import { checkRules } from "./support";

checkRules("BACKUP", [...backupRules, ...backupTailRules]);
