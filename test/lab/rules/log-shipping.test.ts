import { shippingNotHeld, shippingRules } from "./log-shipping";
import { shippingJobRules } from "./log-shipping-jobs";
import { checkRules } from "./support";

checkRules("log shipping", [...shippingRules, ...shippingJobRules], shippingNotHeld);
