/**
 * The checks before the restore over the backup's copy, the last other copy of the chat: read in one go, decided here.
 * Pure. After that restore nothing but the primary's copy, its backup files and the former mirror's copy is left.
 */
import type { BackupHeader } from "./backup-header";
import type { PlanContext } from "./plan-context";
import {
  compareContents,
  databaseOf,
  fencedSetOf,
  isFenced,
  isOnline,
  isRestoring,
  restoredFrom,
  sameName,
} from "./relations";
import { readable } from "./authority";

/** One check with its answer. */
export interface GateCheck {
  readonly number: number;
  readonly expected: string;
  readonly found: string;
  readonly holds: boolean;
}

/** What was read for the checks, all of it after the seed was taken. */
export interface GateEvidence {
  readonly context: PlanContext;
  /** Header of the seed as the backup's engine read it, after VERIFYONLY with checksums. */
  readonly seed: BackupHeader;
  /** The file of the set that came home could be verified by an engine just now; its error otherwise. */
  readonly broughtHomeFile: true | string;
  /** APPLOCK_MODE says that the lock is ours. */
  readonly locked: boolean;
}

/**
 * Every check of the gate. While the backup's copy is ONLINE all ten apply; a copy that is RESTORING already holds nothing
 * that the primary, which is the authority then, does not: what concerns the set that came home is left out.
 */
export function gateChecks(evidence: GateEvidence): readonly GateCheck[] {
  const { context, seed } = evidence;
  const chat = context.desired.chat;
  const { primary, backup, shell } = context;
  if (primary === undefined || backup === undefined || shell === undefined) {
    return [check(0, "both principals and the shell answer", "one of them does not", false)];
  }
  const copy = databaseOf(primary, chat);
  const overwritten = databaseOf(backup, chat);
  const always = [
    check(
      1,
      "the primary's copy ONLINE, FULL, read-write, without damaged pages",
      copy === undefined
        ? "no such database"
        : `${copy.state}, ${copy.recoveryModel}, ${copy.isReadOnly ? "read-only" : "read-write"}, ${String(primary.suspectPages)} suspect pages`,
      copy !== undefined &&
        isOnline(copy) &&
        copy.recoveryModel === "FULL" &&
        !copy.isReadOnly &&
        primary.suspectPages === 0,
    ),
    check(
      5,
      "the seed is a set of the primary's present fork",
      `family ${seed.FamilyGUID}, fork ${seed.RecoveryForkID}, taken on ${seed.ServerName}`,
      seed.FamilyGUID === copy?.familyGuid &&
        seed.RecoveryForkID === copy.recoveryForkGuid &&
        sameName(seed.ServerName, primary.server.serverName) &&
        !seed.IsDamaged,
    ),
    check(
      8,
      "no session in the backup's copy",
      sessionsText(backup.sessions.filter((session) => sameName(session.database, chat))),
      backup.sessions.every((session) => !sameName(session.database, chat)),
    ),
    check(9, "the lock of this pool is ours", evidence.locked ? "ours" : "not ours", evidence.locked),
  ];
  if (overwritten === undefined || isRestoring(overwritten)) return always;
  return [...always, ...whileOnline(evidence)].sort((left, right) => left.number - right.number);
}

function whileOnline({ context, broughtHomeFile }: GateEvidence): GateCheck[] {
  const { primary, backup, shell, desired, observation } = context;
  if (primary === undefined || backup === undefined || shell === undefined) return [];
  const chat = desired.chat;
  const set = restoredFrom(primary, backup, chat);
  const comparison = compareContents(primary.content, backup.content);
  const overwritten = databaseOf(backup, chat);
  const underFence = fencedSetOf(backup, chat, desired.pool.backupSet.copyOnly);
  const mirror = thirdCopy(context);
  const acknowledged = desired.pool.acknowledge.missingMirrorCopy;
  const mirrorRead = desired.pool.backup.mirror === undefined || observation.instances.backupMirror?.reachable === true;
  return [
    check(
      2,
      "the primary was restored from a set of the backup",
      set?.backupSetUuid ?? "no such set",
      set !== undefined,
    ),
    check(3, "both copies hold the same", comparison, comparison === "equal"),
    check(
      4,
      "the backup's copy fenced since before its set was taken",
      overwritten === undefined
        ? "no such database"
        : `${overwritten.state}, ${overwritten.isReadOnly ? "read-only" : "read-write"}`,
      overwritten !== undefined &&
        isFenced(overwritten) &&
        set !== undefined &&
        underFence?.backupSetUuid === set.backupSetUuid,
    ),
    check(
      6,
      "the set's file is still whole",
      broughtHomeFile === true ? "verified" : broughtHomeFile,
      broughtHomeFile === true,
    ),
    check(
      7,
      "the former mirror keeps its RESTORING copy, or its absence is acknowledged (acknowledge.missingMirrorCopy)",
      mirror ?? (mirrorRead ? "no such copy" : "the mirror's instance does not answer"),
      mirror === "RESTORING" || acknowledged,
    ),
    check(
      10,
      "pool state FailedOver and no active server",
      `${shell.poolState}, ${String(shell.activeServers.length)} active`,
      sameName(shell.poolState, "FailedOver") && shell.activeServers.length === 0,
    ),
  ];
}

function thirdCopy(context: PlanContext): string | undefined {
  const mirror = readable(context.observation, "backupMirror");
  return mirror && databaseOf(mirror, context.desired.chat)?.state;
}

function sessionsText(
  sessions: readonly { readonly sessionId: number; readonly hostName: string; readonly programName: string }[],
): string {
  if (sessions.length === 0) return "none";
  return sessions.map((one) => `session ${String(one.sessionId)} of ${one.hostName} (${one.programName})`).join(", ");
}

function check(number: number, expected: string, found: string, holds: boolean): GateCheck {
  return { number, expected, found, holds };
}
