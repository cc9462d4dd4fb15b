/** What log shipping shows in Pulumi: both halves of a registration, as desired and as observed. Pure. */
import type { Desired } from "./desired";
import { scheduleTexts, wantedSchedules } from "./job-schedules";
import type {
  AgentJob,
  InstanceObservation,
  LogShippingPrimaryRow,
  LogShippingSecondaryRow,
} from "./observation-types";
import type { PlanContext } from "./plan-context";
import { type InputValue, isSection, type StepInputs } from "./plan-inputs";
import { soundPrimary, soundSecondary } from "./plan-log-shipping";
import { sameName } from "./relations";
import { PRIMARY_ALERT, SECONDARY_ALERT } from "./statements-log-shipping";

/** Both halves, as desired. */
export function logShippingInputs(desired: Desired): StepInputs {
  const shipping = desired.logShipping;
  return {
    primary: primaryHalf(desired),
    secondary: {
      server: shipping.secondaryServer,
      database: shipping.database,
      primary: shipping.primaryServer,
      source: shipping.share,
      copyFolder: shipping.copyFolder,
      retentionMinutes: shipping.retentionMinutes,
      restoreDelayMinutes: shipping.restoreDelayMinutes,
      restoreAll: true,
      restoreMode: "NORECOVERY",
      disconnectUsers: false,
      thresholdMinutes: shipping.restoreThresholdMinutes,
      alert: SECONDARY_ALERT,
      alertEnabled: true,
      historyMinutes: shipping.historyMinutes,
      copyJob: wantedJob(desired, "copy"),
      restoreJob: wantedJob(desired, "restore"),
      alertJob: "enabled",
    },
  };
}

/** The primary's half, as desired: `primaryServer` is where it is registered. */
export function primaryHalf(desired: Desired): StepInputs {
  const shipping = desired.logShipping;
  return {
    server: shipping.primaryServer,
    database: shipping.database,
    backupDirectory: shipping.backupDirectory,
    share: shipping.share,
    retentionMinutes: shipping.retentionMinutes,
    thresholdMinutes: shipping.backupThresholdMinutes,
    alert: PRIMARY_ALERT,
    alertEnabled: true,
    historyMinutes: shipping.historyMinutes,
    compression: shipping.compression,
    secondary: shipping.secondaryServer,
    backupJob: wantedJob(desired, "backup"),
    alertJob: "enabled",
  };
}

function wantedJob({ logShipping }: Desired, kind: "backup" | "copy" | "restore"): InputValue {
  return {
    name: logShipping.jobs[kind],
    schedules: wantedSchedules(logShipping.scheduleMinutes[kind]),
    enabled: true,
  };
}

/** Both halves as they are. What F4 or F5 will replace anyway is shown as it will then be: not there. */
export function observedLogShipping(context: PlanContext): StepInputs {
  const theirs = soundSecondary(context);
  const wanted = logShippingInputs(context.desired);
  return {
    primary: observedPrimaryHalf(context),
    secondary:
      theirs === undefined || context.renewsPrimary
        ? { server: "none" }
        : spelledAs(wanted["secondary"], secondaryInputs(theirs, context)),
  };
}

/** The primary's half as it is. */
export function observedPrimaryHalf(context: PlanContext): InputValue {
  const mine = soundPrimary(context);
  if (mine === undefined) return { server: "none" };
  return spelledAs(primaryHalf(context.desired), primaryInputs(mine, context));
}

// Windows and SQL Server compare these texts without case: another spelling is no difference, and must not look like one.
function spelledAs(wanted: InputValue | undefined, observed: InputValue): InputValue {
  if (typeof wanted === "string" && typeof observed === "string") return sameName(wanted, observed) ? wanted : observed;
  if (!isSection(wanted) || !isSection(observed)) return observed;
  return Object.fromEntries(Object.entries(observed).map(([key, value]) => [key, spelledAs(wanted[key], value)]));
}

function primaryInputs(row: LogShippingPrimaryRow, { desired, primary }: PlanContext): InputValue {
  const shipping = desired.logShipping;
  const named = row.secondaries.some(
    (one) =>
      sameName(one.secondaryServer, shipping.secondaryServer) && sameName(one.secondaryDatabase, shipping.database),
  );
  return {
    server: shipping.primaryServer,
    database: row.primaryDatabase,
    backupDirectory: row.backupDirectory,
    share: row.backupShare,
    retentionMinutes: row.backupRetentionPeriod,
    thresholdMinutes: row.monitor?.backupThreshold ?? 0,
    alert: row.monitor?.thresholdAlert ?? 0,
    alertEnabled: row.monitor?.thresholdAlertEnabled ?? false,
    historyMinutes: row.monitor?.historyRetentionPeriod ?? 0,
    compression: row.backupCompression,
    secondary: named ? shipping.secondaryServer : "none",
    backupJob: jobInputs(row.backupJob),
    alertJob: alertText(primary),
  };
}

function secondaryInputs(row: LogShippingSecondaryRow, { desired, backup }: PlanContext): InputValue {
  const shipping = desired.logShipping;
  return {
    server: shipping.secondaryServer,
    database: row.database?.secondaryDatabase ?? "none",
    primary: row.primaryServer,
    source: row.backupSourceDirectory,
    copyFolder: row.backupDestinationDirectory,
    retentionMinutes: row.fileRetentionPeriod,
    restoreDelayMinutes: row.database?.restoreDelay ?? 0,
    restoreAll: row.database?.restoreAll ?? false,
    restoreMode: row.database?.restoreMode === 1 ? "STANDBY" : "NORECOVERY",
    disconnectUsers: row.database?.disconnectUsers ?? false,
    thresholdMinutes: row.monitor?.restoreThreshold ?? 0,
    alert: row.monitor?.thresholdAlert ?? 0,
    alertEnabled: row.monitor?.thresholdAlertEnabled ?? false,
    historyMinutes: row.monitor?.historyRetentionPeriod ?? 0,
    copyJob: jobInputs(row.copyJob),
    restoreJob: jobInputs(row.restoreJob),
    alertJob: alertText(backup),
  };
}

function jobInputs(job: AgentJob | null): InputValue {
  if (job === null) return { name: "none", schedules: [], enabled: false };
  return { name: job.name, schedules: scheduleTexts(job), enabled: job.enabled };
}

function alertText(instance: InstanceObservation | undefined): string {
  if (instance?.alertJob == null) return "missing";
  return instance.alertJob.enabled ? "enabled" : "disabled";
}
