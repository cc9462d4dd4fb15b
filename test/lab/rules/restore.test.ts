import { restoreRules } from "./restore";
import { restoreNotHeld, restoreResultRules } from "./restore-result";
import { restoreStopRules } from "./restore-stop";
import { checkRules } from "./support";

checkRules("RESTORE", [...restoreRules, ...restoreResultRules, ...restoreStopRules], restoreNotHeld);
