/** How this process names itself to an instance: program_name of sys.dm_exec_sessions. */
import { hostname, userInfo } from "node:os";

/** program_name is nvarchar(128). */
const MAX_LENGTH = 128;
/** First word of every program name of this product; leftovers and locks are found by it. */
export const PROGRAM = "pchat-dr";

/** Who runs, as sessions and locks show it. */
export interface RunIdentity {
  /** Pulumi stack. */
  readonly stack: string;
  /** Identifier of the run, as in the report's name. */
  readonly run: string;
}

/**
 * `pchat-dr <stack> <run> <user>@<host>`, printable ASCII, at most 128 characters. Cut at the end, where the host stands:
 * the host is also in host_name.
 */
export function clientName(identity: RunIdentity): string {
  const name = `${PROGRAM} ${identity.stack} ${identity.run} ${userName()}@${hostname()}`;
  return name.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_LENGTH);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a uid without an entry in passwd: userInfo throws ERR_SYSTEM_ERROR.
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
