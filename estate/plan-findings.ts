/** What Preflight can tell from reading alone: everything that would stop a step, or that a person should know before it. */
import type { StepId } from "./authority";
import { type Authority, authorityText, readable } from "./authority";
import { serverName } from "./desired";
import { changingSteps, errorFinding, orderedFindings, warningFinding } from "./findings";
import { serverFindings } from "./findings-server";
import { databaseFindings } from "./findings-database";
import { leftoverFindings, mirroringFindings, unreadMirrorFindings } from "./findings-mirroring";
import { servingFindings } from "./findings-serving";
import { unattendedFindings } from "./findings-unattended";
import { isLockOf } from "./lock-resource";
import type { InstanceRole } from "./observation-types";
import type { PlanContext } from "./plan-context";
import { seedNeeded } from "./plan-log-shipping";
import type { Finding } from "./plan-types";
import { restoresOf } from "./relations";
import { answersUnread, readingFailure } from "./unread";

/**
 * All findings of a context, errors first. `open` are the steps that have something to do: what would only hinder a step
 * that is done is no error.
 */
export function findingsOf(context: PlanContext, open: ReadonlySet<StepId>): readonly Finding[] {
  return orderedFindings([
    ...authorityFindings(context),
    ...lockFindings(context, changingSteps),
    ...activeServerFindings(context),
    ...serverFindings(context, open),
    ...databaseFindings(context, open),
    ...mirroringFindings(context, "primary", open.has("F4")),
    ...leftoverFindings(context, "backup"),
    ...unreadMirrorFindings(context),
    ...servingFindings(context, open),
    ...unattendedFindings(context, open),
    ...(context.wayHome && open.has("F4") ? recentMoveFindings(context) : []),
  ]);
}

/** Why nothing can be decided, and which instances are not what they are configured to be. */
export function authorityFindings(context: PlanContext): Finding[] {
  const { observation, authority } = context;
  // A shell that does not answer makes the pool's state unknown, and with it authority: one mistake, told once.
  if (!observation.shell.reachable) {
    const { code, address, message, hint } = observation.shell.failure;
    return [
      errorFinding(
        `unreachable:shell`,
        `${address}: ${message} [${code}]`,
        hint ?? "Start the Management Shell by hand.",
      ),
    ];
  }
  const findings: Finding[] = [];
  if (authority.outcome === "unclear") {
    const failure = failureOf(context, unreadRoles(context));
    const facts = authority.code === "UNKNOWN_COMBINATION" ? `: ${authority.evidence.join("; ")}` : "";
    findings.push(
      errorFinding(
        `authority:${authority.code ?? "UNKNOWN_COMBINATION"}`,
        `${authorityText(authority)}${failure.text}${facts}`,
        hintOf(authority, failure.hint),
      ),
    );
  } else if (authority.facts.backupCopy === "silent") {
    const { text, hint } = failureOf(context, ["backup"]);
    findings.push({
      ...warningFinding("unreachable:backup", `${authority.message}${text}`, hint ?? authority.hint ?? ""),
      drift: {
        resource: "Preflight",
        property: context.backupName,
        desired: "answers",
        observed: "does not answer",
        severity: "protection",
      },
    });
  }
  if (mustNotSeed(context)) {
    findings.push(
      errorFinding(
        "seed-refused",
        `${context.backupName} cannot follow ${context.primaryName} (${seedNeeded(context) ?? ""}), and its copy must not be overwritten here`,
        `${authorityText(authority)}: a person decides whether ${context.backupName} may be seeded anew.`,
        ["F5"],
      ),
    );
  }
  for (const role of ["primary", "backup"] as const) {
    const present = authority.principals[role];
    if (present !== role) {
      findings.push(
        warningFinding(
          `mirror-is-principal:${role}`,
          `${serverName(context.desired.pool, present)} is principal of the ${role} site, not ${serverName(context.desired.pool, role)}`,
          "Steps act on the instance that is principal now. Fail back inside the site when it suits you.",
        ),
      );
    }
  }
  return findings;
}

// Whose failure the refusal is about.
function unreadRoles({ authority, observation }: PlanContext): readonly InstanceRole[] {
  if (authority.acknowledgement === "primaryFailures") {
    return (["primary", "primaryMirror"] as const).filter((role) => answersUnread(observation, role));
  }
  if (authority.code === "B_UNREACHABLE") return ["backup"];
  return authority.code === "P_UNREACHABLE" || authority.code === "PRIMARY_GONE" ? ["primary"] : [];
}

// What the instance's own error says to do, and what there is beside it.
function hintOf({ code, hint = "" }: Authority, ofFailure: string | undefined): string {
  if (ofFailure === undefined || code === "PRIMARY_GONE") return hint;
  return code === "P_UNREADABLE" ? `${ofFailure} ${hint}` : ofFailure;
}

// Only a row that says so lets F5 overwrite the backup's copy; after the way home it always may.
function mustNotSeed(context: PlanContext): boolean {
  const { outcome, seeds, allows } = context.authority;
  return outcome === "primary" && seeds !== true && allows.includes("F5") && seedNeeded(context) !== null;
}

/** Why instances could not be read, and what the first one's error says to do; nothing of those that were read. */
function failureOf(
  context: PlanContext,
  roles: readonly InstanceRole[],
): { readonly text: string; readonly hint?: string } {
  const failures = roles.flatMap((role) => readingFailure(context.observation, role) ?? []);
  const texts = failures.map(({ address, message, code }) => `: ${address}: ${message} [${code}]`);
  return { text: texts.join(""), hint: failures[0]?.hint };
}

/** Another run holds the lock; it stops the given steps at an `up`. */
export function lockFindings(context: PlanContext, blocks: readonly StepId[]): Finding[] {
  // One run holds it in both homes; it is told once.
  const findings = new Map<string, Finding>();
  for (const role of ["backup", "primary"] as const) {
    const locks = readable(context.observation, role)?.locks ?? [];
    for (const holder of locks.filter((one) => !one.ours && isLockOf(one.resource, context.desired.pool.fqdn))) {
      if (findings.has(holder.programName)) continue;
      findings.set(
        holder.programName,
        errorFinding(
          `lock-held:${role}`,
          `another run works on this pool: ${holder.programName} on ${holder.hostName}, process ${holder.hostProcessId ?? "?"}, login ${holder.loginName}, since ${holder.loginTime} (session ${holder.sessionId} of ${serverName(context.desired.pool, role)}, ${holder.context})`,
          "Wait for it to end. If its process is gone, the lock goes with its connection within a minute.",
          blocks,
          true,
        ),
      );
    }
  }
  return [...findings.values()];
}

/** Servers that are to be active must be machines of the pool. */
export function activeServerFindings(context: PlanContext): Finding[] {
  const { shell, desired } = context;
  if (shell === undefined) return [];
  const machines = new Set(shell.machines.map((machine) => machine.toLowerCase()));
  return desired.activeServers
    .filter((server) => !machines.has(server))
    .map((server) =>
      errorFinding(
        `no-machine-of-pool:${server}`,
        `${server} is to be an active server, but it is no machine of ${desired.pool.fqdn}`,
        `Machines of the pool: ${shell.machines.join(", ")}. Correct activeServers of the site, or publish the topology.`,
      ),
    );
}

/**
 * A guard against moving to and fro: the active copy's newest restore is the last change of site that SQL Server knows of.
 * Nothing without `guard.quietMinutes`.
 */
export function recentMoveFindings(context: PlanContext): Finding[] {
  const { desired, primary, backup } = context;
  const { quietMinutes } = desired;
  const active = desired.active === "primary" ? backup : primary;
  if (quietMinutes === null || active === undefined) return [];
  const age = restoresOf(active, desired.chat)[0]?.restoreAgeMinutes;
  if (age === undefined || age >= quietMinutes) return [];
  const message = `the pool changed its site ${age} minutes ago, and guard.quietMinutes is ${quietMinutes}`;
  if (desired.recentMoveAcknowledged) return [warningFinding("recent-move", message, "Acknowledged.")];
  return [errorFinding("recent-move", message, "Wait, or set guard.acknowledgeRecentMove for this run.")];
}
