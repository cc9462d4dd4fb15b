import { forkRules } from "./forks";
import { sequenceRules } from "./log-sequence";
import { checkRules } from "./support";

checkRules("log sequence numbers and recovery paths", [...sequenceRules, ...forkRules]);
