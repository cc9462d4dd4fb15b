/**
 * What each resource shows in Pulumi: its inputs as desired and as observed, in one shape, so that a preview names each
 * drifted property with both values. Nothing in them changes by itself: a saved plan would break on it. Pure.
 */
import type { Desired } from "./desired";
import { desiredFailoverInputs, observedFailoverInputs } from "./failover-inputs";
import { scheduleTexts, wantedSchedules } from "./job-schedules";
import type {
  AgentJob,
  InstanceObservation,
  LogShippingPrimaryRow,
  LogShippingSecondaryRow,
  Observation,
} from "./observation-types";
import { contextOf, type PlanContext } from "./plan-context";
import {
  chatServiceInputs,
  leftoversInputs,
  mirrorInputs,
  observedChatService,
  observedLeftovers,
  observedMirror,
} from "./plan-inputs-after";
import { soundPrimary, soundSecondary } from "./plan-log-shipping";
import { sameList, poolStateStep } from "./plan-steps";
import { type Plan, stepOf } from "./plan";
import type { StepKey } from "./plan-types";
import { databaseOf, sameName } from "./relations";
import { PRIMARY_ALERT, SECONDARY_ALERT } from "./statements-log-shipping";

/** A value that Pulumi's state can hold. */
export type InputValue = string | number | boolean | readonly InputValue[] | { readonly [key: string]: InputValue };

/** Inputs of one resource, without `pool` and `step`, which every resource has. */
export type StepInputs = { readonly [property: string]: InputValue };

/** Inputs and `step` as `read` returns them. */
export interface StepSection {
  readonly inputs: StepInputs;
  /** `done`, or `open: ` and the reason. `check` always returns `done`. */
  readonly step: string;
}

/** The inputs of a step as desired. */
export function desiredInputs(desired: Desired, key: StepKey): StepInputs {
  const { pool, chat, compliance } = desired;
  const [primary, backup] = [pool.primary.principal.server, pool.backup.principal.server];
  switch (key) {
    case "F0":
      return { plan: [] };
    case "F1":
      return { activeServers: [] };
    case "F2-chat":
      return { instance: backup, database: chat, partner: "none" };
    case "F2-compliance":
      return { instance: backup, database: compliance === false ? "none" : compliance, partner: "none" };
    case "F2b":
      return { instance: backup, database: chat, fence: "read-only" };
    case "F3":
      return {
        instance: backup,
        database: chat,
        folder: desired.backupFolder,
        name: desired.backupName,
        ...(pool.backupSet.description === undefined ? {} : { description: pool.backupSet.description }),
        copyOnly: pool.backupSet.copyOnly,
        compression: pool.backupSet.compression,
      };
    case "F4":
      return { instance: primary, database: chat, source: backup, state: "ONLINE, read-write", compare: pool.compare };
    case "F5":
      return desiredLogShippingInputs(desired);
    case "F6":
      return { activeServers: desired.activeServers };
    case "F7":
      return { poolState: "Normal" };
    case "F7b":
      return chatServiceInputs(desired, "primary");
    case "F8-chat":
      return mirrorInputs(desired, "primary", "chat");
    case "F8-compliance":
      return mirrorInputs(desired, "primary", "compliance");
    case "F8-leftovers":
      return leftoversInputs(desired, "backup");
    default:
      return desiredFailoverInputs(desired, key);
  }
}

/**
 * What `read` shows of a step: the observed inputs and whether it is open. A step that is done shows exactly the desired
 * inputs, since there is nothing that it would change (F1 to F4 where authority is the primary's copy already).
 */
export function sectionOf(observation: Observation, desired: Desired, whole: Plan, key: StepKey): StepSection {
  const step = stepOf(whole, key);
  if (key === "F0") return { inputs: { plan: [] }, step: step.open ? `open: ${step.reason}` : "done" };
  const wanted = desiredInputs(desired, key);
  if (!step.open) return { inputs: wanted, step: "done" };
  const observed = observedInputs(contextOf(observation, desired), key);
  return { inputs: { ...wanted, ...observed }, step: `open: ${step.reason}` };
}

// Members that differ, over the desired ones. F5 replaces all: a member that does not exist must not look desired.
function observedInputs(context: PlanContext, key: StepKey): StepInputs {
  const { shell, backup, desired, backupCopy } = context;
  switch (key) {
    case "F1":
      return { activeServers: shell?.activeServers ?? [] };
    case "F2-chat":
    case "F2-compliance": {
      const name = key === "F2-chat" ? desired.chat : desired.compliance;
      const row = backup === undefined || name === false ? undefined : databaseOf(backup, name);
      const mirroring = row?.mirroring ?? null;
      return mirroring === null ? {} : { partner: mirroring.partnerInstance ?? "a partner" };
    }
    case "F2b":
      return { fence: backupCopy?.isReadOnly === true ? "read-only" : "none" };
    case "F4":
      return restoreInputs(context);
    case "F5":
      return logShippingInputs(context);
    case "F6": {
      // As F1 will leave it: an `up` that is bound to the preview must not find another list.
      const projected = context.wayHome ? [] : (shell?.activeServers ?? []);
      return sameList(projected, desired.activeServers) ? {} : { activeServers: projected };
    }
    case "F7":
      return { poolState: poolStateStep(context).now };
    case "F7b":
      return observedChatService(context, "primary");
    case "F8-chat":
      return observedMirror(context, "primary", "chat", context.renewsPrimary);
    case "F8-compliance":
      return observedMirror(context, "primary", "compliance", false);
    case "F8-leftovers":
      return observedLeftovers(context, "backup");
    case "F0":
    case "F3":
      return {};
    default:
      return observedFailoverInputs(context, key);
  }
}

function restoreInputs(context: PlanContext): StepInputs {
  const copy = context.primaryCopy;
  const state =
    copy === undefined
      ? "absent"
      : copy.state === "ONLINE"
        ? `ONLINE, ${copy.isReadOnly ? "read-only" : "read-write"}`
        : copy.state;
  return { source: context.broughtHome ? context.desired.pool.backup.principal.server : "none", state };
}

function desiredLogShippingInputs(desired: Desired): StepInputs {
  const shipping = desired.logShipping;
  const job = (kind: "backup" | "copy" | "restore"): InputValue => ({
    name: shipping.jobs[kind],
    schedules: wantedSchedules(shipping.scheduleMinutes[kind]),
    enabled: true,
  });
  return {
    primary: {
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
      backupJob: job("backup"),
      alertJob: "enabled",
    },
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
      copyJob: job("copy"),
      restoreJob: job("restore"),
      alertJob: "enabled",
    },
  };
}

function logShippingInputs(context: PlanContext): StepInputs {
  const mine = soundPrimary(context);
  const theirs = soundSecondary(context);
  // What F4 or F5 will replace anyway is shown as it will then be: not there.
  const wanted = desiredLogShippingInputs(context.desired);
  return {
    primary: mine === undefined ? { server: "none" } : spelledAs(wanted["primary"], primaryInputs(mine, context)),
    secondary:
      theirs === undefined || context.renewsPrimary
        ? { server: "none" }
        : spelledAs(wanted["secondary"], secondaryInputs(theirs, context)),
  };
}

// Windows and SQL Server compare these texts without case: another spelling is no difference, and must not look like one.
function spelledAs(wanted: InputValue | undefined, observed: InputValue): InputValue {
  if (typeof wanted === "string" && typeof observed === "string") return sameName(wanted, observed) ? wanted : observed;
  if (!isSection(wanted) || !isSection(observed)) return observed;
  return Object.fromEntries(Object.entries(observed).map(([key, value]) => [key, spelledAs(wanted[key], value)]));
}

/** True for a value with members. */
export function isSection(value: InputValue | undefined): value is { readonly [key: string]: InputValue } {
  return typeof value === "object" && !Array.isArray(value);
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
