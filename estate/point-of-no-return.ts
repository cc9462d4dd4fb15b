/**
 * The checks before the restore over the backup's copy, the last other copy of the chat: read in one go, decided here.
 * Pure. After that restore nothing but the primary's copy, its backup files and the former mirror's copy is left.
 */
import { authorityText, readable } from "./authority";
import { backupGivenUp } from "./authority-facts";
import type { BackupHeader } from "./backup-header";
import { partnerRole } from "./desired";
import { judgeSecondary } from "./leftovers";
import type { DatabaseObservation, InstanceObservation, LogWriteCounter } from "./observation-types";
import type { PlanContext } from "./plan-context";
import {
  type Comparison,
  compareContents,
  databaseOf,
  familyOf,
  fencedSetOf,
  isLive,
  isOnline,
  isRestoring,
  restoredFrom,
  sameCounter,
  sameName,
} from "./relations";

/** One check with its answer. 1 to 11 stand in the order of the rules; 0 is what they all rest on. */
export interface GateCheck {
  readonly number: number;
  readonly expected: string;
  readonly found: string;
  readonly holds: boolean;
}

/** The set that the primary was restored from, whose file an engine has just read whole; `error` says why it could not. */
export interface BroughtHomeFile {
  readonly backupSetUuid: string | null;
  readonly error: string | null;
}

/** What was read for the checks, all of it after the seed was taken. */
export interface GateEvidence {
  readonly context: PlanContext;
  /** Header of the seed as the backup's engine read it, after VERIFYONLY with checksums. */
  readonly seed: BackupHeader;
  readonly broughtHome: BroughtHomeFile;
  /**
   * What the backup's instance had written to the log when both copies were compared in full and found equal, because the
   * fence that the set was taken under cannot be proved any more; null when they were not.
   */
  readonly comparedUnder: LogWriteCounter | null;
  /** Messages of the backup's copy that the primary lacks, room by room; null when they were not read. */
  readonly missing: readonly string[] | null;
  /** APPLOCK_MODE says that the lock is ours; what it says instead otherwise. */
  readonly locked: true | string;
}

/** Both principals and what the rules compare of them. */
interface Copies {
  readonly primary: InstanceObservation;
  readonly backup: InstanceObservation;
  readonly home: DatabaseObservation | undefined;
  readonly overwritten: DatabaseObservation | undefined;
}

/**
 * Every check of the gate. While the backup's copy is ONLINE all ten apply; one that is absent, or RESTORING as a
 * secondary, holds nothing that the primary, which is the authority then, does not: what concerns the set that came home
 * is left out, and number 11 looks once more whether that is so. Where the pool was set Normal before log shipping (row 33),
 * the primary is in use and may hold more.
 */
export function gateChecks(evidence: GateEvidence): readonly GateCheck[] {
  const { context } = evidence;
  const { primary, backup, shell, desired } = context;
  if (primary === undefined || backup === undefined || shell === undefined) {
    return [check(0, "both principals and the shell answer", "one of them does not", false)];
  }
  const copies: Copies = {
    primary,
    backup,
    home: databaseOf(primary, desired.chat),
    overwritten: databaseOf(backup, desired.chat),
  };
  const always = [mayOverwrite(context), ...alwaysChecked(evidence, copies)];
  if (copies.overwritten === undefined) return always;
  if (isRestoring(copies.overwritten)) return [...always, covered(context, copies)];
  return [...always, ...whileOnline(evidence, copies)].sort((left, right) => left.number - right.number);
}

// A seed is never the answer to an estate that has changed its mind meanwhile.
function mayOverwrite(context: PlanContext): GateCheck {
  const { authority, wayHome, broughtHome } = context;
  const holds = authority.outcome !== "unclear" && (wayHome ? broughtHome : authority.seeds === true);
  return check(
    0,
    "authority lets the backup's copy be overwritten from the primary's",
    wayHome && !broughtHome ? `${authorityText(authority)}, and it is not home yet` : authorityText(authority),
    holds,
  );
}

function alwaysChecked({ context, seed, locked }: GateEvidence, { primary, backup, home }: Copies): GateCheck[] {
  const sessions = backup.sessions.filter((session) => sameName(session.database, context.desired.chat));
  const whole =
    home !== undefined && isOnline(home) && home.recoveryModel === "FULL" && !home.isReadOnly && !primary.suspectPages;
  return [
    check(
      1,
      "the primary's copy ONLINE, FULL, read-write, without damaged pages",
      home === undefined
        ? "no such database"
        : `${copyText(home)}, ${home.recoveryModel}, ${String(primary.suspectPages)} suspect pages`,
      whole,
    ),
    check(
      5,
      "the seed is a whole set of the primary's present fork",
      `family ${seed.FamilyGUID}, fork ${seed.RecoveryForkID}, taken on ${seed.ServerName}${seed.IsDamaged ? ", damaged" : ""}`,
      seed.FamilyGUID === home?.familyGuid &&
        seed.RecoveryForkID === home.recoveryForkGuid &&
        sameName(seed.ServerName, primary.server.serverName) &&
        !seed.IsDamaged,
    ),
    check(8, "no session in the backup's copy", sessionsText(sessions), sessions.length === 0),
    check(9, "the lock of this pool is ours", locked === true ? "ours" : locked, locked === true),
  ];
}

function whileOnline(evidence: GateEvidence, copies: Copies): GateCheck[] {
  const { context, broughtHome } = evidence;
  const inUse = isInUse(context);
  const set = restoredFrom(copies.primary, copies.backup, context.desired.chat);
  const comparison = compareContents(copies.primary.content, copies.backup.content);
  const fileHolds = set !== undefined && broughtHome.backupSetUuid === set.backupSetUuid && broughtHome.error === null;
  return [
    check(
      2,
      "the primary was restored from a set of the backup",
      set?.backupSetUuid ?? "no such set",
      set !== undefined,
    ),
    inUse
      ? holdsAllMessages(evidence, comparison)
      : check(3, "both copies hold the same", comparison, comparison === "equal"),
    inUse ? unused(context, copies) : fenced(evidence, copies, set?.backupSetUuid),
    check(6, "the set's file is still whole", fileHolds ? "verified" : fileText(broughtHome), fileHolds),
    thirdCopy(context, copies),
    poolAsPlanned(context),
  ];
}

function covered({ desired }: PlanContext, { primary, backup }: Copies): GateCheck {
  const judged = judgeSecondary(backup, primary, desired.chat);
  return check(
    11,
    "the backup's RESTORING copy holds nothing that the primary lacks, or is given up (acknowledge.backupCopy)",
    judged.reason,
    judged.covered || backupGivenUp(backup, desired),
  );
}

// Row 33. Whatever is not clearly that is held against the strict form.
function isInUse({ authority }: PlanContext): boolean {
  return authority.outcome === "primary";
}

function holdsAllMessages({ missing }: GateEvidence, comparison: Comparison): GateCheck {
  const expected = "the primary holds all that the backup holds, message by message";
  const more = missing === null ? ", messages not compared" : missing.length === 0 ? "" : `: ${missing.join("; ")}`;
  const covers = comparison === "equal" || comparison === "primaryMore";
  return check(3, expected, `${comparison}${more}`, covers && missing?.length === 0);
}

// A restart of the instance, or a fence that was taken off and set again, leaves the set without proof. Then equal contents
// are the proof, read anew under the fence that holds now: a read-only copy whose log nobody has written to since.
function fenced(
  { context, comparedUnder }: GateEvidence,
  { backup, overwritten }: Copies,
  uuid: string | undefined,
): GateCheck {
  const underFence = fencedSetOf(backup, context.desired.chat, context.desired.pool.backupSet.copyOnly);
  const closed = overwritten !== undefined && isOnline(overwritten) && overwritten.isReadOnly;
  const compared = sameCounter(comparedUnder, backup.logWrites);
  const anew = compared ? "equal in full under the present fence" : "not compared under it";
  return check(
    4,
    "the backup's copy fenced since before its set was taken, or since it was found equal in full",
    `${overwritten === undefined ? "no such database" : copyText(overwritten)}, newest set under the present fence: ${underFence?.backupSetUuid ?? "none"}, ${anew}`,
    closed && uuid !== undefined && (underFence?.backupSetUuid === uuid || compared),
  );
}

function unused(context: PlanContext, { backup }: Copies): GateCheck {
  const live = isLive(backup, context.desired.chat, context.shell?.machines ?? []);
  return check(4, "no chat server at work on the backup's copy", live ? "one is" : "none", !live);
}

function thirdCopy(context: PlanContext, { backup }: Copies): GateCheck {
  const { desired, observation, authority } = context;
  const expected =
    "the former mirror keeps its RESTORING copy, or its absence is acknowledged (acknowledge.missingMirrorCopy)";
  // Preflight has told that there never was one.
  if (desired.pool.backup.mirror === undefined) return check(7, expected, "no mirror is configured", true);
  const instance = readable(observation, partnerRole(authority.principals.backup));
  const state = instance && databaseOf(instance, desired.chat)?.state;
  const families = instance === undefined ? [] : [familyOf(instance, desired.chat), familyOf(backup, desired.chat)];
  const foreign = families.every((family) => family !== null) && new Set(families).size > 1;
  const found =
    instance === undefined
      ? "the mirror's instance does not answer"
      : `${state ?? "no such copy"}${foreign ? " of another family" : ""}`;
  return check(7, expected, found, (state === "RESTORING" && !foreign) || desired.pool.acknowledge.missingMirrorCopy);
}

function poolAsPlanned(context: PlanContext): GateCheck {
  const { shell } = context;
  const active = shell?.activeServers.length ?? 0;
  const found = `${shell?.poolState ?? "not read"}, ${String(active)} active`;
  if (isInUse(context)) return check(10, "pool state Normal", found, sameName(shell?.poolState, "Normal"));
  const holds = sameName(shell?.poolState, "FailedOver") && active === 0;
  return check(10, "pool state FailedOver and no active server", found, holds);
}

function fileText({ backupSetUuid, error }: BroughtHomeFile): string {
  return error ?? `another set's file was read: ${backupSetUuid ?? "none"}`;
}

function copyText({ state, isReadOnly }: DatabaseObservation): string {
  return `${state}, ${isReadOnly ? "read-only" : "read-write"}`;
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
