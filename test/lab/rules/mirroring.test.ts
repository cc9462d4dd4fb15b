import { mirroringRules } from "./mirroring";
import { mirroringNotHeld, mirroringSessionRules } from "./mirroring-session";
import { checkRules } from "./support";

checkRules("database mirroring", [...mirroringRules, ...mirroringSessionRules], mirroringNotHeld);
