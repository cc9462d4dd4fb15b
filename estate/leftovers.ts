/**
 * RESTORING copies that a mirror keeps when its session has ended ("Removing Database Mirroring"): whether such a copy
 * holds anything that the copy which serves lacks. Decided by family, recovery fork and LSN, never by dates. Pure.
 */
import type { BackupSetRow, DatabaseObservation, Guid, InstanceObservation, Lsn } from "./observation-types";
import {
  compareLsn,
  databaseOf,
  familyOf,
  forkCrossing,
  isOnline,
  isRestoring,
  positionOf,
  restoresOf,
  sameFamily,
} from "./relations";

/** What is known of a RESTORING copy beside the one that serves. */
export interface LeftoverJudgement {
  /** The serving copy holds all that this one holds: nothing is lost with it. */
  readonly covered: boolean;
  /** Why, or why not. */
  readonly reason: string;
}

/** True for a RESTORING copy that belongs to no mirroring session and to no log shipping: what a former mirror keeps. */
export function isLeftover(instance: InstanceObservation, database: string): boolean {
  const copy = databaseOf(instance, database);
  if (copy === undefined || !isRestoring(copy) || copy.mirroring !== null) return false;
  const name = database.toLowerCase();
  return !instance.logShippingSecondary.some((row) => row.database?.secondaryDatabase.toLowerCase() === name);
}

/** DESCRIPTION of the sets that a mirror is made from, by which a copy that was only half made is known again. */
export function mirrorSetDescription(run: string): string {
  return `pchat-dr ${run} mirror`;
}

/**
 * A copy that a cut run had begun to make a mirror of: its last restore was from a set of ours, and no session has moved it
 * on since. A restore that was cut leaves no row, so that of its first restore nothing tells whose it was.
 */
export function isHalfMade(instance: InstanceObservation, database: string): boolean {
  const position = positionOf(instance, database);
  const newest = restoresOf(instance, database)[0]?.backupSet;
  if (!/^pchat-dr \S+ mirror$/.test(newest?.description ?? "")) return false;
  return position.kind === "incomplete" || (position.kind === "at" && newest?.lastLsn === position.lsn);
}

/**
 * Whether `holder`, whose copy is ONLINE, holds all of `former`'s RESTORING copy: one family, and a position on the
 * holder's own recovery path, not behind the point where that path left the fork.
 */
export function judgeLeftover(
  former: InstanceObservation,
  holder: InstanceObservation,
  database: string,
): LeftoverJudgement {
  const serving = databaseOf(holder, database);
  if (serving === undefined || !isOnline(serving)) return no(`${database} is not online beside it`);
  if (!sameFamily(former, holder, database)) return no("the two copies are not known to be of one family");
  return judgePosition(former, holder, serving, database);
}

/**
 * The same of log shipping's secondary beside its primary. One whose family cannot be read is known by its recovery fork:
 * no two families share one. A restore that was cut leaves nothing of any family.
 */
export function judgeSecondary(
  secondary: InstanceObservation,
  primary: InstanceObservation,
  database: string,
): LeftoverJudgement {
  const serving = databaseOf(primary, database);
  if (serving === undefined || !isOnline(serving)) return no(`${database} is not online beside it`);
  const families = [familyOf(secondary, database), familyOf(primary, database)].filter((family) => family !== null);
  const foreign = new Set(families).size > 1 && positionOf(secondary, database).kind !== "incomplete";
  if (foreign) return no("it is of another family");
  return judgePosition(secondary, primary, serving, database);
}

function judgePosition(
  copy: InstanceObservation,
  holder: InstanceObservation,
  serving: DatabaseObservation,
  database: string,
): LeftoverJudgement {
  const position = positionOf(copy, database);
  // A restore that was cut holds nothing that could be opened.
  if (position.kind === "incomplete") return { covered: true, reason: "its restore was never finished" };
  if (position.kind === "unknown") return no("how far it was rolled forward cannot be read");
  const brought = setThatBrought(holder, database, position);
  if (brought !== undefined) {
    return {
      covered: true,
      reason: `it is at LSN ${position.lsn}, and set ${brought.backupSetUuid} was restored beside it`,
    };
  }
  if (position.fork === serving.recoveryForkGuid)
    return { covered: true, reason: "it is on the present recovery fork" };
  const crossing = forkCrossing(holder, serving, position.fork, database);
  if (crossing === undefined)
    return no(`it is on recovery fork ${position.fork}, which the other is not known to come from`);
  if (crossing === null) return no(`where the other left recovery fork ${position.fork} is not known`);
  if (compareLsn(position.lsn, crossing) > 0) {
    return no(`it is at LSN ${position.lsn}, past the fork point ${crossing}: it may hold what the other lacks`);
  }
  return { covered: true, reason: `it is at LSN ${position.lsn}, before the fork point ${crossing}` };
}

// A set that was restored brought along everything before its end on its fork, and before the point where it left another.
function setThatBrought(
  holder: InstanceObservation,
  database: string,
  { fork, lsn }: { readonly fork: Guid; readonly lsn: Lsn },
): BackupSetRow | undefined {
  const restores = restoresOf(holder, database);
  const full = restores.findIndex((row) => row.restoreType === "D");
  // What was restored before the newest full set is not in this copy any more.
  const since = full < 0 ? restores : restores.slice(0, full + 1);
  const reaches = (end: Lsn | null): boolean => end !== null && compareLsn(lsn, end) <= 0;
  return since
    .map((row) => row.backupSet)
    .find((set) =>
      set.lastRecoveryForkGuid === fork
        ? reaches(set.lastLsn)
        : set.firstRecoveryForkGuid === fork && reaches(set.forkPointLsn),
    );
}

function no(reason: string): LeftoverJudgement {
  return { covered: false, reason };
}
