/** Findings about a pool that is where it shall be: differences that no step mends, because a person must know why. Pure. */
import type { StepId } from "./authority";
import { changingSteps, errorFinding, warningFinding } from "./findings";
import type { PlanContext } from "./plan-context";
import type { Finding } from "./plan-types";
import { databaseOf, isOnline } from "./relations";

/**
 * Of the site that is to be active: a copy that cannot be written to, a mirroring session that stands still, a recovery
 * model without log backups (told where F5 is to be done, in which case that is an error).
 */
export function homeFindings(context: PlanContext, open: ReadonlySet<StepId>): readonly Finding[] {
  if (context.desired.active !== "primary" || context.authority.outcome !== "primary") return [];
  return [
    ...writableFindings(context),
    ...(open.has("F5") ? [] : recoveryModelFindings(context)),
    ...sessionFindings(context),
  ];
}

/** Log shipping and mirroring need FULL; whoever changed it has broken the log's chain, and knows why. */
export function recoveryModelFindings({ primaryCopy: copy, primaryName, desired }: PlanContext): readonly Finding[] {
  if (copy === undefined || copy.recoveryModel === "FULL") return [];
  return [
    {
      ...warningFinding(
        "recovery-model",
        `${desired.chat} on ${primaryName} is in recovery model ${copy.recoveryModel}`,
        "Set it to FULL and take a full backup: mirroring and log shipping need it.",
      ),
      drift: {
        resource: "Preflight",
        property: `recovery model of ${desired.chat} on ${primaryName}`,
        desired: "FULL",
        observed: copy.recoveryModel,
        severity: "protection",
      },
    },
  ];
}

// Somebody has closed it on purpose, or a restore was cut: opening it in silence could let two copies be written to.
function writableFindings({ primaryCopy: copy, primaryName, desired }: PlanContext): Finding[] {
  if (copy === undefined || !isOnline(copy)) return [];
  if (!copy.isReadOnly && copy.userAccess === "MULTI_USER") return [];
  const observed = `ONLINE, ${copy.isReadOnly ? "read-only" : "read-write"}`;
  const access = copy.userAccess === "MULTI_USER" ? "" : `, ${copy.userAccess}`;
  return [
    {
      ...errorFinding(
        "primary-closed",
        `${desired.chat} on ${primaryName} is ${observed}${access}: chat servers cannot write to it, and this is not mended in silence`,
        `Find out who closed it and why, then open it there: ALTER DATABASE [${desired.chat}] SET READ_WRITE, SET MULTI_USER.`,
        ["F0", ...changingSteps],
        true,
      ),
      drift: {
        resource: "DatabaseRestore",
        property: "state",
        desired: "ONLINE, read-write",
        observed: `${observed}${access}`,
        severity: "service",
      },
    },
  ];
}

/** mirroring_state_desc of sessions that protect nothing now (sys.database_mirroring; "Mirroring States" of sql-docs). */
const standing: ReadonlySet<string> = new Set(["SUSPENDED", "DISCONNECTED", "UNSYNCHRONIZED"]);

function sessionFindings({ primary, primaryName, desired }: PlanContext): Finding[] {
  const names = [desired.chat, ...(desired.compliance === false ? [] : [desired.compliance])];
  return names.flatMap((name) => {
    const session = primary && databaseOf(primary, name)?.mirroring;
    if (session == null || !standing.has(session.state)) return [];
    const partner = session.partnerInstance ?? "its partner";
    return [
      {
        ...warningFinding(
          `mirroring-stands:${name}`,
          `mirroring of ${name} from ${primaryName} to ${partner} is ${session.state}`,
          session.state === "SUSPENDED"
            ? `When the reason is gone: ALTER DATABASE [${name}] SET PARTNER RESUME on ${primaryName}.`
            : `Bring ${partner} back; the session then goes on by itself.`,
        ),
        drift: {
          resource: "Preflight",
          property: `mirroring of ${name} on ${primaryName}`,
          desired: "SYNCHRONIZED",
          observed: session.state,
          severity: "protection",
        },
      },
    ] as const;
  });
}
