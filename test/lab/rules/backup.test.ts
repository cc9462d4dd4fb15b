import { backupRules } from "./backup";
import { backupNotHeld, backupTailRules } from "./backup-tail";
import { checkRules } from "./support";

checkRules("BACKUP", [...backupRules, ...backupTailRules], backupNotHeld);
