import { mirroringRules } from "./mirroring";
import { mirroringNotHeld, mirroringSessionRules } from "./mirroring-session";
import { witnessRules } from "./mirroring-witness";
import { checkRules } from "./support";

checkRules("database mirroring", [...mirroringRules, ...mirroringSessionRules, ...witnessRules], mirroringNotHeld);
