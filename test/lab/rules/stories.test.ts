import { stories } from "./stories";
import { shippingStories } from "./stories-log-shipping";
import { productStories } from "./stories-product";
import { checkRules } from "./support";

checkRules("stories", [...stories, ...shippingStories, ...productStories]);
