/** Findings about a pool that is where it shall be: differences that no step mends, because a person must know why. Pure. */
import type { StepId } from "./authority";
import { errorFinding, everyChange, warningFinding } from "./findings";
import type { DatabaseObservation } from "./observation-types";
import type { PlanContext } from "./plan-context";
import type { Finding } from "./plan-types";
import { isOnline } from "./relations";

/** The instance that serves the chat, its copy, and the resource whose property that copy's state is. */
interface Serving {
  readonly site: "primary" | "backup";
  readonly resource: "DatabaseRestore" | "DatabaseRecovery";
  readonly name: string;
  readonly copy: DatabaseObservation | undefined;
}

/**
 * Of the site that is active and shall be: a copy that cannot be written to, a recovery model without log backups, another
 * copy that can be written to as well. Where F5 is to be done, that model is an error and told there; where O4 is, it opens
 * the copy.
 */
export function servingFindings(context: PlanContext, open: ReadonlySet<StepId>): readonly Finding[] {
  const { authority, desired } = context;
  if (authority.outcome !== desired.active || authority.moves === true) return [];
  return [
    ...(open.has("O4") ? [] : writableFindings(servingOf(context), desired.chat)),
    ...(open.has("F5") ? [] : recoveryModelFindings(context)),
    ...secondCopyFindings(context),
  ];
}

// The primary site came back with the copy that it had, or somebody opened the one that a planned move closed.
function secondCopyFindings({ authority, desired, primaryCopy, primaryName, backupName }: PlanContext): Finding[] {
  const { facts } = authority;
  if (desired.active !== "backup" || facts.primaryCopy !== "online" || facts.family !== "same") return [];
  if (primaryCopy?.isReadOnly !== false) return [];
  return [
    {
      ...warningFinding(
        "primary-open",
        `${desired.chat} on ${primaryName} is ONLINE, read-write, and the pool runs on ${backupName}: two copies of one database can be written to`,
        `It may hold what no other copy does, and is not closed in silence. Keep chat servers from it, and close it there: ALTER DATABASE [${desired.chat}] SET READ_ONLY, behind SET PARTNER OFF where it is mirrored.`,
      ),
      drift: {
        resource: "TailLogBackup",
        property: "state",
        desired: "closed",
        observed: "ONLINE, read-write",
        severity: "service",
      },
    },
  ];
}

/** Log shipping and mirroring need FULL; whoever changed it has broken the log's chain, and knows why. */
export function recoveryModelFindings(context: PlanContext): readonly Finding[] {
  const { name, copy } = servingOf(context);
  if (copy === undefined || copy.recoveryModel === "FULL") return [];
  return [
    {
      ...warningFinding(
        "recovery-model",
        `${copy.name} on ${name} is in recovery model ${copy.recoveryModel}`,
        "Set it to FULL and take a full backup: mirroring and log shipping need it.",
      ),
      drift: {
        resource: "Preflight",
        property: `recovery model of ${copy.name} on ${name}`,
        desired: "FULL",
        observed: copy.recoveryModel,
        severity: "protection",
      },
    },
  ];
}

function servingOf(context: PlanContext): Serving {
  const { desired, primaryCopy, primaryName, backupCopy, backupName } = context;
  return desired.active === "primary"
    ? { site: "primary", resource: "DatabaseRestore", name: primaryName, copy: primaryCopy }
    : { site: "backup", resource: "DatabaseRecovery", name: backupName, copy: backupCopy };
}

// Somebody has closed it on purpose, or a restore was cut: opening it in silence could let two copies be written to.
function writableFindings({ site, resource, name, copy }: Serving, chat: string): Finding[] {
  if (copy === undefined || !isOnline(copy)) return [];
  if (!copy.isReadOnly && copy.userAccess === "MULTI_USER") return [];
  const access = copy.userAccess === "MULTI_USER" ? "" : `, ${copy.userAccess}`;
  const observed = `ONLINE, ${copy.isReadOnly ? "read-only" : "read-write"}${access}`;
  return [
    {
      ...errorFinding(
        `${site}-closed`,
        `${chat} on ${name} is ${observed}: chat servers cannot write to it, and this is not mended in silence`,
        `Find out who closed it and why, then open it there: ALTER DATABASE [${chat}] SET READ_WRITE, SET MULTI_USER.`,
        ["F0", ...everyChange],
        true,
      ),
      drift: {
        resource,
        property: "state",
        desired: "ONLINE, read-write",
        observed,
        severity: "service",
      },
    },
  ];
}
