/** F5: what separates log shipping as it is registered from log shipping as it is wanted, part by part. Pure. */
import { missingLinks } from "./missing-links";
import { placeFiles, seedFile, setFilesOf } from "./plan-restore";
import { onBackup, onPrimary, type PlanContext } from "./plan-context";
import type { PlannedStatement } from "./plan-types";
import { jobChanges, primaryDrift, secondaryDrift } from "./log-shipping-drift";
import { latenessOf, latenessText } from "./log-shipping-lateness";
import { isShippingFor, strayChanges } from "./log-shipping-stray";
import type { InstanceObservation, LogShippingPrimaryRow, LogShippingSecondaryRow } from "./observation-types";
import { followsOf, isOnline, isRestoring, sameName } from "./relations";
import { backupFull, readBackupFiles, restoreFull, verifyBackup } from "./statements";
import { deleteLogBackupJob, restoreLog } from "./statements-failover";
import {
  addAlertJob,
  addPrimary,
  addPrimarySecondary,
  addSecondary,
  deletePrimary,
  deletePrimarySecondary,
  deleteSecondaryDatabase,
  deleteSecondaryPrimary,
  enableJob,
  enableJobByName,
} from "./statements-log-shipping";

/** Parts of F5, in the order in which they are done. */
export const logShippingParts = [
  "remove-stale",
  "remove-stray",
  "add-primary",
  "name-secondary",
  "change-primary",
  "seed",
  "add-secondary",
  "change-secondary",
  "link",
  "alert-job",
  "jobs",
  "cycle",
] as const;

/** One thing to do. `property`, `now` and `then` are for people; `statements` are in their order. */
export interface LogShippingChange {
  readonly part: (typeof logShippingParts)[number];
  readonly property: string;
  readonly now: string;
  readonly then: string;
  readonly statements: readonly PlannedStatement[];
}

/**
 * Everything that F5 has to do, in order. `assumeRestored` plans it for the primary as F4 will leave it: with a new
 * recovery fork that no present copy follows.
 */
export function logShippingChanges(
  context: PlanContext,
  run: string,
  assumeRestored = false,
): readonly LogShippingChange[] {
  const { primary, backup } = context;
  if (primary === undefined || backup === undefined) return [];
  const mine = soundPrimary(context);
  const theirs = soundSecondary(context);
  const seed = assumeRestored || seedNeeded(context) !== null;
  const changes = [
    ...staleChanges(context, mine, theirs, seed),
    ...strayChanges(context),
    ...primaryChanges(context, mine),
    ...(seed ? [seedChange(context, run, assumeRestored)] : []),
    ...secondaryChanges(context, theirs, seed),
    ...(seed || theirs === undefined ? [] : linkChanges(context)),
    ...alertChanges(context, mine !== undefined && theirs !== undefined),
    ...jobChanges(context, mine, seed ? undefined : theirs),
    ...newJobChanges(context, mine === undefined, theirs === undefined || seed),
  ];
  const setUp = changes.some((change) => ["add-primary", "seed", "add-secondary", "link"].includes(change.part));
  const [late] = latenessOf(mine, theirs, context);
  const reason = setUp ? "log shipping is set up" : late && latenessText(late);
  return reason === undefined ? changes : [...changes, cycleChange(reason)];
}

/** The whole registration of the chat database on the primary; undefined when it is missing or broken. */
export function soundPrimary(context: PlanContext): LogShippingPrimaryRow | undefined {
  const { primary, desired } = context;
  return primary?.logShippingPrimary.find(
    (row) =>
      sameName(row.primaryDatabase, desired.chat) && isShippingFor(primary, row.backupJob) && row.monitor !== null,
  );
}

/** The whole registration on the backup that names the wanted primary; undefined when it is missing or broken. */
export function soundSecondary(context: PlanContext): LogShippingSecondaryRow | undefined {
  const { backup, desired } = context;
  return backup?.logShippingSecondary.find(
    (row) =>
      sameName(row.primaryServer, desired.logShipping.primaryServer) &&
      sameName(row.primaryDatabase, desired.chat) &&
      sameName(row.database?.secondaryDatabase, desired.chat) &&
      isShippingFor(backup, row.copyJob) &&
      isShippingFor(backup, row.restoreJob) &&
      row.monitor !== null,
  );
}

/** Why the backup's copy must be overwritten with a full backup of the primary; null when it can follow as it is. */
export function seedNeeded(context: PlanContext): string | null {
  const { primary, backup, backupCopy, desired } = context;
  if (primary === undefined || backup === undefined) return null;
  // Brought home by log alone, the primary goes on where the backup's tail ended: its copy follows as it stands.
  if (context.chainHome !== null) return null;
  if (backupCopy === undefined) return `${context.backupName} has no ${desired.chat}`;
  if (!isRestoring(backupCopy)) return `${desired.chat} on ${context.backupName} is ${backupCopy.state}, not RESTORING`;
  const following = followsOf(backup, primary, desired.chat);
  return following.follows ? null : following.reason;
}

function staleChanges(
  context: PlanContext,
  mine: LogShippingPrimaryRow | undefined,
  theirs: LogShippingSecondaryRow | undefined,
  seed: boolean,
): LogShippingChange[] {
  const { primary, backup, desired } = context;
  const chat = desired.chat;
  const changes: LogShippingChange[] = [];
  const outage = backup?.logBackupJob ?? null;
  if (outage !== null) {
    changes.push({
      part: "remove-stale",
      property: `job ${outage.job.name}`,
      now: "backs up the log of the outage",
      then: "removed",
      statements: [onBackup(context, deleteLogBackupJob(outage.job.jobId))],
    });
  }
  for (const row of primary?.logShippingPrimary ?? []) {
    if (sameName(row.primaryDatabase, chat) && row !== mine) {
      changes.push(
        stale(
          `${context.primaryName} primary`,
          removedPrimary(row, (text) => onPrimary(context, text)),
        ),
      );
    }
  }
  for (const row of primary?.logShippingSecondary ?? []) {
    if (concerns(row, chat)) {
      changes.push(stale(`${context.primaryName} secondary`, [onPrimary(context, removedSecondary(row))]));
    }
  }
  for (const row of backup?.logShippingPrimary ?? []) {
    if (sameName(row.primaryDatabase, chat)) {
      changes.push(
        stale(
          `${context.backupName} primary`,
          removedPrimary(row, (text) => onBackup(context, text)),
        ),
      );
    }
  }
  for (const row of backup?.logShippingSecondary ?? []) {
    // A sound registration would go on restoring old files into a copy that is being seeded: it is made anew.
    if (concerns(row, chat) && (row !== theirs || seed)) {
      changes.push(stale(`${context.backupName} secondary`, [onBackup(context, removedSecondary(row))]));
    }
  }
  return changes;
}

function primaryChanges(context: PlanContext, mine: LogShippingPrimaryRow | undefined): LogShippingChange[] {
  const shipping = context.desired.logShipping;
  const naming = {
    part: "name-secondary",
    property: "secondary",
    now: "none",
    then: shipping.secondaryServer,
    statements: [onPrimary(context, addPrimarySecondary(shipping))],
  } as const;
  if (mine === undefined) {
    return [
      {
        part: "add-primary",
        property: "primary",
        now: "not registered",
        then: `${shipping.database} to ${shipping.share}`,
        statements: [onPrimary(context, addPrimary(shipping))],
      },
      naming,
    ];
  }
  const named = mine.secondaries.some(
    (one) =>
      sameName(one.secondaryServer, shipping.secondaryServer) && sameName(one.secondaryDatabase, shipping.database),
  );
  return [...(named ? [] : [naming]), ...primaryDrift(context, mine)];
}

function secondaryChanges(
  context: PlanContext,
  theirs: LogShippingSecondaryRow | undefined,
  seed: boolean,
): LogShippingChange[] {
  if (theirs !== undefined && !seed) return secondaryDrift(context, theirs);
  const shipping = context.desired.logShipping;
  return [
    {
      part: "add-secondary",
      property: "secondary part",
      now: "not registered",
      then: `${shipping.share} to ${shipping.copyFolder}`,
      statements: [onBackup(context, addSecondary(shipping))],
    },
  ];
}

// Log backups that others took: log shipping's restore job stops in front of each, and nothing tells it of their files.
function linkChanges(context: PlanContext): LogShippingChange[] {
  const { primary, backup, desired } = context;
  if (primary === undefined || backup === undefined) return [];
  return missingLinks(primary, backup, desired.logShipping).map((set) => {
    const file = set.physicalDeviceName ?? "no file";
    return {
      part: "link",
      property: "log chain",
      now: `goes on in ${file}`,
      then: `restored on ${context.backupName}`,
      statements: [onBackup(context, restoreLog(desired.chat, file))],
    };
  });
}

// The full backup of the primary over the backup's copy: the point of no return lies before its last statement.
function seedChange(context: PlanContext, run: string, assumeRestored: boolean): LogShippingChange {
  const { primary, backup, backupCopy, desired } = context;
  const file = seedFile(desired, run);
  const source = primary === undefined ? [] : setFilesOf(primary, desired.chat);
  const files =
    source.length > 0 && !assumeRestored ? source : backup === undefined ? [] : setFilesOf(backup, desired.chat);
  const moves = backup === undefined ? [] : placeFiles(files, backup, desired.chat).moves;
  const description = `pchat-dr ${run} F5 seed`;
  // COPY_ONLY would do for seeding as well, but a plain full backup starts the log chain that the new fork needs.
  const seed = { database: desired.chat, file, name: `${desired.chat}-Full Database Backup`, description };
  const takeOver = backupCopy !== undefined && isOnline(backupCopy);
  return {
    part: "seed",
    property: "secondary's copy",
    now: assumeRestored ? "to be overwritten after F4" : (seedNeeded(context) ?? "follows"),
    then: `RESTORING from a full backup of ${context.primaryName}`,
    statements: [
      onPrimary(context, backupFull(seed)),
      onBackup(context, verifyBackup(file)),
      onBackup(context, readBackupFiles(file)),
      onBackup(context, restoreFull({ database: desired.chat, file, moves, recovery: "NORECOVERY", takeOver })),
    ],
  };
}

// Jobs are made disabled: they are enabled when both sides stand, the backup's first run must not go unfollowed.
function newJobChanges(context: PlanContext, newPrimary: boolean, newSecondary: boolean): LogShippingChange[] {
  const { jobs } = context.desired.logShipping;
  const enabling = [
    ...(newPrimary ? [onPrimary(context, enableJobByName(jobs.backup))] : []),
    ...(newSecondary ? [jobs.copy, jobs.restore].map((name) => onBackup(context, enableJobByName(name))) : []),
  ];
  return enabling.map((statement) => ({
    part: "jobs",
    property: `new jobs on ${statement.where}`,
    now: "none",
    then: "enabled",
    statements: [statement],
  }));
}

function alertChanges(context: PlanContext, registered: boolean): LogShippingChange[] {
  // Where a part is missing, adding it makes the alert job too.
  if (!registered) return [];
  return [
    alertChange(context.primary, (text) => onPrimary(context, text)),
    alertChange(context.backup, (text) => onBackup(context, text)),
  ].flat();
}

// The procedure makes a missing job; one that is disabled it leaves as it is.
function alertChange(
  instance: InstanceObservation | undefined,
  on: (text: string) => PlannedStatement,
): LogShippingChange[] {
  const job = instance?.alertJob;
  if (job === undefined || job?.enabled === true) return [];
  const statement = on(job === null ? addAlertJob() : enableJob(job.jobId, true));
  const now = job === null ? "missing" : "disabled";
  return [
    { part: "alert-job", property: `alert job on ${statement.where}`, now, then: "enabled", statements: [statement] },
  ];
}

function cycleChange(reason: string): LogShippingChange {
  return {
    part: "cycle",
    property: "backup, copy, restore",
    now: reason,
    then: "one cycle with one file name in all three",
    // The jobs' ids are known after they were made: the step starts them one after the other by sp_start_job.
    statements: [],
  };
}

function stale(property: string, statements: readonly PlannedStatement[]): LogShippingChange {
  return { part: "remove-stale", property, now: "stale registration", then: "removed", statements };
}

function concerns(row: LogShippingSecondaryRow, chat: string): boolean {
  return row.database === null ? sameName(row.primaryDatabase, chat) : sameName(row.database.secondaryDatabase, chat);
}

function removedPrimary(row: LogShippingPrimaryRow, on: (text: string) => PlannedStatement): PlannedStatement[] {
  return [
    ...row.secondaries.map((one) =>
      on(deletePrimarySecondary(row.primaryDatabase, one.secondaryServer, one.secondaryDatabase)),
    ),
    on(deletePrimary(row.primaryDatabase)),
  ];
}

function removedSecondary(row: LogShippingSecondaryRow): string {
  return row.database === null
    ? deleteSecondaryPrimary(row.primaryServer, row.primaryDatabase)
    : deleteSecondaryDatabase(row.database.secondaryDatabase);
}
