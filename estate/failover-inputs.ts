/** What each resource of a failover shows in Pulumi: its inputs as desired and as observed. Pure. */
import type { Desired } from "./desired";
import { failoverContextOf } from "./failover-context";
import { scheduleTexts, wantedSchedules } from "./job-schedules";
import { logBackupFolder } from "./log-backup-folder";
import type { PlanContext } from "./plan-context";
import type { StepInputs } from "./plan-inputs";
import { chatServiceInputs, mirrorInputs, observedChatService, observedMirror } from "./plan-inputs-after";
import { poolStateStep, sameList } from "./plan-steps";
import type { failoverKeys } from "./plan-types";

type FailoverKey = Exclude<(typeof failoverKeys)[number], "F0">;

/** The inputs of a step as desired. */
export function desiredFailoverInputs(desired: Desired, key: FailoverKey): StepInputs {
  const { pool, chat, logBackups } = desired;
  const [primary, backup] = [pool.primary.principal.server, pool.backup.principal.server];
  switch (key) {
    case "P1":
      return { activeServers: [] };
    case "P2":
      return { instance: primary, database: chat, partner: "none" };
    case "P3":
      return { instance: primary, database: chat, folder: desired.backupFolder, state: "closed" };
    case "O3":
      return { instance: backup, database: chat, remaining: "none" };
    case "O1":
      return { instance: backup, database: chat, registration: "none" };
    case "O4":
      return { instance: backup, database: chat, state: "ONLINE, read-write" };
    case "O5":
      return { poolState: "FailedOver" };
    case "O7":
      return { activeServers: desired.activeServers };
    case "O7b":
      return chatServiceInputs(desired, "backup");
    case "O6-chat":
    case "O6-compliance":
      return mirrorInputs(desired, "backup", key === "O6-chat" ? "chat" : "compliance");
    case "O8":
      return {
        instance: backup,
        database: chat,
        job: logBackups.job,
        folder: logBackups.folder,
        schedules: wantedSchedules(logBackups.everyMinutes),
        enabled: true,
      };
  }
}

/** What differs of a step that is open, as observed. */
export function observedFailoverInputs(plain: PlanContext, key: FailoverKey): StepInputs {
  const context = failoverContextOf(plain);
  const { shell, backupCopy, primaryCopy, desired, remaining } = context;
  switch (key) {
    case "P1":
      return { activeServers: shell?.activeServers ?? [] };
    case "P2": {
      const mirroring = primaryCopy?.mirroring ?? null;
      return mirroring === null ? {} : { partner: mirroring.partnerInstance ?? "a partner" };
    }
    case "P3":
      return { state: primaryCopy?.state ?? "not read" };
    case "O3":
      return { remaining: remaining === null || remaining.apply.length === 0 ? "log not taken yet" : "log sets" };
    case "O1":
      return { registration: context.registrations[0]?.primaryServer ?? "none" };
    case "O4":
      return {
        state:
          backupCopy === undefined
            ? "absent"
            : backupCopy.state === "ONLINE"
              ? `ONLINE, ${backupCopy.isReadOnly ? "read-only" : "read-write"}`
              : backupCopy.state,
      };
    case "O5":
      return { poolState: poolStateStep(context).now };
    case "O7": {
      // As P1 will leave it: an `up` that is bound to the preview must not find another list.
      const projected = context.closed && context.authority.moves === true ? [] : (shell?.activeServers ?? []);
      return sameList(projected, desired.activeServers) ? {} : { activeServers: projected };
    }
    case "O7b":
      return observedChatService(context, "backup");
    case "O6-chat":
      return observedMirror(context, "backup", "chat", context.closed);
    case "O6-compliance":
      return observedMirror(context, "backup", "compliance", false);
    case "O8":
      return logBackupInputs(context);
  }
}

function logBackupInputs(context: ReturnType<typeof failoverContextOf>): StepInputs {
  const found = context.backup?.logBackupJob ?? null;
  if (found === null) return { job: "none", folder: "none", schedules: [], enabled: false };
  return {
    job: found.job.name,
    folder: logBackupFolder(context.desired.chat, found.command) ?? "another command",
    schedules: scheduleTexts(found.job),
    enabled: found.job.enabled,
  };
}
