/** The form in which resources stand in the state, as their output `stateVersion`: what a later version goes by to read it. */
import { DrError } from "../estate/errors";

/**
 * Raised when a resource's properties or its id change their meaning, with a translation for each older one where `read` needs them.
 * `read` takes nothing but `pool`, `instance`, `database` and `report` of them, and the id `<stack>/<pool>/<step>`: everything else is
 * read from the estate. States without the output are of version 1 too.
 */
export const STATE_VERSION = 1;

/** Throws CONFIGURATION_INVALID for properties of a later version; inputs, which have no version, pass. */
export function assertKnownState(properties: Readonly<Record<string, unknown>>): void {
  const version = properties["stateVersion"];
  if (version === undefined || (typeof version === "number" && version <= STATE_VERSION)) return;
  throw new DrError({
    code: "CONFIGURATION_INVALID",
    summary: "the state was written by a later version of this product",
    expected: `state version ${String(STATE_VERSION)} or less`,
    found: typeof version === "number" ? String(version) : "no number",
    hint: "Use the checkout that the last run used, or a newer one. The estate is untouched.",
  });
}
