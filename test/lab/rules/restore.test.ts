import { restoreRules } from "./restore";
import { restoreResultRules } from "./restore-result";
import { restoreStopRules } from "./restore-stop";
import { checkRules } from "./support";

checkRules("RESTORE", [...restoreRules, ...restoreResultRules, ...restoreStopRules]);
