/** What every part of the plan works on: the observation with authority decided and the sites' principals resolved. */
import { type Authority, authorityOf, readable } from "./authority";
import { type Desired, serverName } from "./desired";
import { logChainHome } from "./log-chain";
import type { RemainingLogs } from "./log-sets";
import type {
  BackupSetRow,
  DatabaseObservation,
  InstanceObservation,
  Observation,
  ShellObservation,
} from "./observation-types";
import type { PlannedStatement } from "./plan-types";
import { databaseOf, fencedSetOf, poolSessions, restoredFrom, salvageOf } from "./relations";

/** Observation and desired state of one pool, with what is asked of them again and again. */
export interface PlanContext {
  readonly observation: Observation;
  readonly desired: Desired;
  readonly authority: Authority;
  readonly shell: ShellObservation | undefined;
  readonly primary: InstanceObservation | undefined;
  readonly backup: InstanceObservation | undefined;
  readonly primaryCopy: DatabaseObservation | undefined;
  readonly backupCopy: DatabaseObservation | undefined;
  /** Names of the instances that are principal now. */
  readonly primaryName: string;
  readonly backupName: string;
  /** The way home is to be gone: the primary is to be active and authority is the backup's copy. */
  readonly wayHome: boolean;
  /** The backup's log sets that bring the primary home without any copy; null where a full backup has to. */
  readonly chainHome: RemainingLogs | null;
  /** Full set under the present fence, whose file is not known to be damaged. */
  readonly set: BackupSetRow | undefined;
  /** The primary holds what the backup holds, restored from one of its sets. */
  readonly broughtHome: boolean;
  /** F4 will make the primary's copy anew, from a full backup. */
  readonly renewsPrimary: boolean;
}

/** Resolves the context of a plan. */
export function contextOf(observation: Observation, desired: Desired): PlanContext {
  const authority = authorityOf(observation, desired);
  const primary = readable(observation, authority.principals.primary);
  const backup = readable(observation, authority.principals.backup);
  const wayHome = desired.active === "primary" && authority.outcome === "backup";
  const broughtHome =
    authority.facts.primaryCopy === "online" &&
    authority.facts.restoredFrom !== "none" &&
    authority.facts.comparison === "equal" &&
    // While the backup may still be written to, being equal now says nothing about the next moment.
    (authority.facts.live === "none" || authority.facts.backupCopy === "fenced") &&
    authority.salvage !== true;
  const chainHome =
    wayHome && primary !== undefined && backup !== undefined && desired.pool.wayHome === "auto"
      ? logChainHome(authority.facts, primary, backup, desired.chat)
      : null;
  return {
    observation,
    desired,
    authority,
    shell: observation.shell.reachable ? observation.shell.value : undefined,
    primary,
    backup,
    primaryCopy: primary && databaseOf(primary, desired.chat),
    backupCopy: backup && databaseOf(backup, desired.chat),
    primaryName: serverName(desired.pool, authority.principals.primary),
    backupName: serverName(desired.pool, authority.principals.backup),
    wayHome,
    chainHome,
    set: usableSet(primary, backup, desired),
    broughtHome,
    renewsPrimary: wayHome && !broughtHome && chainHome === null,
  };
}

/** A statement for the present principal of a site. */
export function onPrimary(context: PlanContext, text: string): PlannedStatement {
  return { where: context.primaryName, text };
}

/** A statement for the backup's principal. */
export function onBackup(context: PlanContext, text: string): PlannedStatement {
  return { where: context.backupName, text };
}

/** A cmdlet. */
export function inShell(text: string): PlannedStatement {
  return { where: "Management Shell", text };
}

/** Sessions of the pool's machines in the backup's databases. */
export function chatSessionsOnBackup(context: PlanContext): number {
  const { backup, shell, desired } = context;
  if (backup === undefined || shell === undefined) return 0;
  const databases = [desired.chat, ...(desired.compliance === false ? [] : [desired.compliance])];
  return databases.reduce((sum, name) => sum + poolSessions(backup, name, shell.machines).length, 0);
}

/** True when the copy that is given up by acknowledgement has not been saved to the share yet. */
export function salvageNeeded(context: PlanContext): boolean {
  if (context.authority.salvage !== true || context.primary === undefined) return false;
  return salvageOf(context.primary, context.desired.chat) === undefined;
}

function usableSet(
  primary: InstanceObservation | undefined,
  backup: InstanceObservation | undefined,
  desired: Desired,
): BackupSetRow | undefined {
  if (backup === undefined) return undefined;
  const set = fencedSetOf(backup, desired.chat, desired.pool.backupSet.copyOnly);
  if (set === undefined) return undefined;
  const verification = primary?.verification;
  if (verification?.backupSetUuid === set.backupSetUuid && !verification.valid) return undefined;
  return set;
}

/**
 * The set that F4 would restore and whose file should be verified from the primary's engine before anybody trusts it;
 * undefined when F3 is open, or the primary has it already.
 */
export function setToVerify(observation: Observation, desired: Desired): { uuid: string; file: string } | undefined {
  const context = contextOf(observation, desired);
  const { set, primary, backup } = context;
  const file = set?.physicalDeviceName ?? null;
  if (!context.wayHome || set === undefined || file === null || primary === undefined || backup === undefined)
    return undefined;
  if (restoredFrom(primary, backup, desired.chat)?.backupSetUuid === set.backupSetUuid) return undefined;
  return { uuid: set.backupSetUuid, file };
}
