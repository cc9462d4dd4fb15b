/** What every step of a failover works on: the plan's context, and how far the backup's copy can still be rolled forward. Pure. */
import { joinWindowsPath, windowsFileName } from "./configuration-forms";
import { serverName } from "./desired";
import { type ForkPosition, type RemainingLogs, remainingLogs } from "./log-sets";
import type { BackupSetRow, InstanceObservation, LogShippingSecondaryRow } from "./observation-types";
import type { PlanContext } from "./plan-context";
import { readable } from "./authority";
import { databaseOf, familyOf, isRestoring, ownTail, positionOf, restoresOf, sameName } from "./relations";
import { readingFailure } from "./unread";

/** Observation of a failover. */
export interface FailoverContext extends PlanContext {
  /** The backup's copy is RESTORING: logs can be applied to it. */
  readonly closed: boolean;
  /** The primary's copy is ONLINE and is to be closed by its tail. */
  readonly closesPrimary: boolean;
  /**
   * The primary answers with a damaged copy whose log may be whole: its tail is tried, and left out with the reason when the
   * engine refuses it. What it holds cannot be promised before it is taken.
   */
  readonly savesTail: boolean;
  /** Where the backup's copy stands; null when that is not known. */
  readonly position: ForkPosition | null;
  /** What can still be applied; null while the copy is not RESTORING or its files were not read. */
  readonly remaining: RemainingLogs | null;
  /** The tail that the primary was closed by, by its msdb; one that met damage is left out. */
  readonly tail: BackupSetRow | undefined;
  /** Registrations of log shipping that restore into the backup's copy. */
  readonly registrations: readonly LogShippingSecondaryRow[];
  /** Why the primary's database does not serve; empty when it does, or did until its tail. */
  readonly withoutPrimary: string;
}

/** Resolves the context of a failover. */
export function failoverContextOf(context: PlanContext): FailoverContext {
  const { backup, primary, desired, authority } = context;
  const { chat } = desired;
  const copy = context.backupCopy;
  const closed = copy !== undefined && isRestoring(copy);
  const position = backup !== undefined && closed ? positionOf(backup, chat) : undefined;
  const at = position?.kind === "at" ? { fork: position.fork, lsn: position.lsn } : null;
  const files = backup?.logFiles ?? null;
  const { primaryCopy } = authority.facts;
  const moves = authority.moves === true && closed;
  const closesPrimary = moves && authority.outcome === "primary";
  const state = context.primaryCopy?.state ?? "";
  return {
    ...context,
    closed,
    closesPrimary,
    savesTail: moves && primaryCopy === "damaged" && statesWithTail.has(state),
    position: at,
    remaining:
      backup === undefined || at === null || files === null
        ? null
        : remainingLogs(at, files, chat, familyOf(backup, chat)),
    tail: primary && closedBehindTail(context) ? wholeTail(primary, chat) : undefined,
    registrations: (backup?.logShippingSecondary ?? []).filter((row) =>
      row.database === null ? sameName(row.primaryDatabase, chat) : sameName(row.database.secondaryDatabase, chat),
    ),
    withoutPrimary: closesPrimary || primaryCopy === "afterTail" ? "" : whyWithout(context),
  };
}

// OFFLINE and EMERGENCY refuse BACKUP even with NO_TRUNCATE ("BACKUP (Transact-SQL)").
const statesWithTail: ReadonlySet<string> = new Set(["SUSPECT", "RECOVERY_PENDING"]);

function closedBehindTail({ authority, primaryCopy }: PlanContext): boolean {
  const copy = authority.facts.primaryCopy;
  return copy === "afterTail" || (copy === "damaged" && primaryCopy?.state === "RESTORING");
}

function wholeTail(primary: InstanceObservation, chat: string): BackupSetRow | undefined {
  const tail = ownTail(primary, chat);
  return tail?.isDamaged ? undefined : tail;
}

function whyWithout(context: PlanContext): string {
  const { authority, primaryName, desired } = context;
  switch (authority.facts.primaryCopy) {
    case "silent":
      return `${primaryName} does not answer`;
    case "unread":
      return `${primaryName} answers and could not be read (${readingFailure(context.observation, authority.principals.primary)?.code ?? "?"}): taken for gone by acknowledgement`;
    case "absent":
      return `${primaryName} has no ${desired.chat}`;
    case "online":
      return `${desired.chat} on ${primaryName} is empty`;
    default:
      return `${desired.chat} on ${primaryName} is ${context.primaryCopy?.state ?? "not readable"}`;
  }
}

/**
 * Log files whose headers tell what the backup's copy can still be given: those beside it that its history does not name
 * as restored. Empty when no failover would apply any.
 */
export function logFilesToRead(context: PlanContext): readonly string[] {
  const { backup, desired, backupCopy, authority } = context;
  const moves = desired.active === "backup" && authority.moves === true;
  if (!moves || backup === undefined || backupCopy === undefined || !isRestoring(backupCopy)) return [];
  const restored = new Set(
    restoresOf(backup, desired.chat).map((row) =>
      windowsFileName(row.backupSet.physicalDeviceName ?? "").toLowerCase(),
    ),
  );
  // By name, so that a file that lies in several places is read once.
  const files = new Map<string, string>();
  // The copy folder is local: of two copies of one file it is the one that is read and restored.
  const folders = [...backup.folders].sort(
    (left, right) =>
      Number(sameName(right.path, desired.logShipping.copyFolder)) -
      Number(sameName(left.path, desired.logShipping.copyFolder)),
  );
  for (const { path, files: names } of folders) {
    for (const name of names) {
      const key = name.toLowerCase();
      // A .wrk is a backup that was not finished, or not renamed: its .trn is better where there is one.
      if (!restored.has(key) && !files.has(key)) files.set(key, joinWindowsPath(path, name));
    }
  }
  const tail = context.primary && ownTail(context.primary, desired.chat)?.physicalDeviceName;
  if (tail) files.set(windowsFileName(tail).toLowerCase(), tail);
  return [...files.values()];
}

/** Server names of a site's mirror that answers and holds the chat database as a mirror; undefined when none does. */
export function mirrorThatHolds(
  context: PlanContext,
): { readonly name: string; readonly instance: InstanceObservation } | undefined {
  const instance = readable(context.observation, "primaryMirror");
  const copy = instance && databaseOf(instance, context.desired.chat);
  if (instance === undefined || copy?.mirroring?.role !== "MIRROR") return undefined;
  return { name: serverName(context.desired.pool, "primaryMirror"), instance };
}
