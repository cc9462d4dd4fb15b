/** Single parameters of a log shipping registration that differ from the wanted ones, and the call that mends each. Pure. */
import type { DesiredLogShipping } from "./desired";
import { scheduleCalls, scheduleTexts, wantedSchedules } from "./job-schedules";
import type { AgentJob, LogShippingPrimaryRow, LogShippingSecondaryRow } from "./observation-types";
import { onBackup, onPrimary, type PlanContext } from "./plan-context";
import type { LogShippingChange } from "./plan-log-shipping";
import type { PlannedStatement } from "./plan-types";
import { sameName } from "./relations";
import {
  changePrimary,
  changeSecondaryDatabase,
  changeSecondaryPrimary,
  enableJob,
  PRIMARY_ALERT,
  renameJob,
  SECONDARY_ALERT,
} from "./statements-log-shipping";

type Compared = readonly [property: string, now: string | number | boolean, then: string | number | boolean];

/** Drift of the primary's part: one call sets all of its numbers. */
export function primaryDrift(context: PlanContext, row: LogShippingPrimaryRow): LogShippingChange[] {
  const shipping = context.desired.logShipping;
  const statement = onPrimary(context, changePrimary(shipping));
  return drift("change-primary", primaryParameters(row, shipping), statement);
}

/** Drift of the secondary's part: folders and retention by one call, restore options by another. */
export function secondaryDrift(context: PlanContext, row: LogShippingSecondaryRow): LogShippingChange[] {
  const shipping = context.desired.logShipping;
  const folders = onBackup(context, changeSecondaryPrimary(shipping));
  const options = onBackup(context, changeSecondaryDatabase(shipping));
  return [
    ...drift("change-secondary", secondaryFolders(row, shipping), folders),
    ...drift("change-secondary", secondaryOptions(row, shipping), options),
  ];
}

/** Names, schedules and the enabled flag of the three jobs; nothing for jobs that are yet to be made. */
export function jobChanges(
  context: PlanContext,
  mine: LogShippingPrimaryRow | undefined,
  theirs: LogShippingSecondaryRow | undefined,
): LogShippingChange[] {
  const shipping = context.desired.logShipping;
  const jobs = [
    { kind: "backup", job: mine?.backupJob, on: (text: string) => onPrimary(context, text) },
    { kind: "copy", job: theirs?.copyJob, on: (text: string) => onBackup(context, text) },
    { kind: "restore", job: theirs?.restoreJob, on: (text: string) => onBackup(context, text) },
  ] as const;
  return jobs.flatMap(({ kind, job, on }) => (job ? changesOfJob(shipping, kind, job, on) : []));
}

function primaryParameters(row: LogShippingPrimaryRow, shipping: DesiredLogShipping): readonly Compared[] {
  return [
    ["backupDirectory", row.backupDirectory, shipping.backupDirectory],
    ["share", row.backupShare, shipping.share],
    ["retentionMinutes", row.backupRetentionPeriod, shipping.retentionMinutes],
    ["compression", row.backupCompression, shipping.compression],
    ["backupThresholdMinutes", row.monitor?.backupThreshold ?? 0, shipping.backupThresholdMinutes],
    ["backupAlert", row.monitor?.thresholdAlert ?? 0, PRIMARY_ALERT],
    ["backupAlertEnabled", row.monitor?.thresholdAlertEnabled ?? false, true],
    ["historyMinutes", row.monitor?.historyRetentionPeriod ?? 0, shipping.historyMinutes],
  ];
}

function secondaryFolders(row: LogShippingSecondaryRow, shipping: DesiredLogShipping): readonly Compared[] {
  return [
    ["copySource", row.backupSourceDirectory, shipping.share],
    ["copyFolder", row.backupDestinationDirectory, shipping.copyFolder],
    ["copyRetentionMinutes", row.fileRetentionPeriod, shipping.retentionMinutes],
  ];
}

function secondaryOptions(row: LogShippingSecondaryRow, shipping: DesiredLogShipping): readonly Compared[] {
  const { database, monitor } = row;
  if (database === null || monitor === null) return [];
  return [
    ["restoreDelayMinutes", database.restoreDelay, shipping.restoreDelayMinutes],
    ["restoreAll", database.restoreAll, true],
    ["restoreMode", database.restoreMode === 0 ? "NORECOVERY" : "STANDBY", "NORECOVERY"],
    ["disconnectUsers", database.disconnectUsers, false],
    ["restoreThresholdMinutes", monitor.restoreThreshold, shipping.restoreThresholdMinutes],
    ["restoreAlert", monitor.thresholdAlert, SECONDARY_ALERT],
    ["restoreAlertEnabled", monitor.thresholdAlertEnabled, true],
    ["restoreHistoryMinutes", monitor.historyRetentionPeriod, shipping.historyMinutes],
  ];
}

// One call mends every difference of its group: it stands at the first of them.
function drift(
  part: LogShippingChange["part"],
  compared: readonly Compared[],
  statement: PlannedStatement,
): LogShippingChange[] {
  return compared
    .filter(([, now, then]) => !sameValue(now, then))
    .map(([property, now, then], at) => ({
      part,
      property,
      now: String(now),
      then: String(then),
      statements: at === 0 ? [statement] : [],
    }));
}

// Windows compares paths without case.
function sameValue(left: Compared[1], right: Compared[1]): boolean {
  return typeof left === "string" && typeof right === "string" ? sameName(left, right) : left === right;
}

function changesOfJob(
  shipping: DesiredLogShipping,
  kind: "backup" | "copy" | "restore",
  job: AgentJob,
  on: (text: string) => PlannedStatement,
): LogShippingChange[] {
  const changes: LogShippingChange[] = [];
  const add = (property: string, now: string, then: string, texts: readonly string[]): void => {
    changes.push({ part: "jobs", property: `${kind} job ${property}`, now, then, statements: texts.map(on) });
  };
  const minutes = shipping.scheduleMinutes[kind];
  if (!sameName(job.name, shipping.jobs[kind])) {
    add("name", job.name, shipping.jobs[kind], [renameJob(job.jobId, shipping.jobs[kind])]);
  }
  const calls = scheduleCalls(job, shipping.schedules[kind], minutes);
  if (calls.length > 0) {
    add("schedules", listText(scheduleTexts(job)), listText(wantedSchedules(minutes)), calls);
  }
  if (!job.enabled) add("enabled", "false", "true", [enableJob(job.jobId, true)]);
  return changes;
}

function listText(texts: readonly string[]): string {
  return texts.length === 0 ? "none" : texts.join(" and ");
}
