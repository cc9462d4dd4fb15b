/** Messages of the Pulumi CLI without what it puts in front of ours. Pure. */

/**
 * Where a check failed the engine names type, resource, property and value first (GetResourcePropertyInvalidValueError of
 * sdk/go/common/diag/errors.go). Preflight's findings are told under `plan`, whose value says nothing; any other property
 * is what the message is about.
 */
const CHECK_OF_PLAN = /^\S+ resource '[^']*': property plan value \{\[.*?\]\} has a problem: /s;

/** An error message as it was written, without the CLI's `error: `, Preflight's resource, and line ends around it. */
export function plainMessage(message: string): string {
  return message
    .trim()
    .replace(/^error: /, "")
    .replace(CHECK_OF_PLAN, "");
}
