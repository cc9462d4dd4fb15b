import { restoreRules } from "./restore";
import { restoreNotHeld, restoreResultRules } from "./restore-result";
import { checkRules } from "./support";

checkRules("RESTORE", [...restoreRules, ...restoreResultRules], restoreNotHeld);
