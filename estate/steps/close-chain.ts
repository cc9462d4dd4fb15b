/** Log backups that others took are restored on the secondary by us: log shipping's own jobs never see them. */
import { DrError, toDrError } from "../errors";
import { missingLinks } from "../missing-links";
import type { BackupSetRow } from "../observation-types";
import type { PlanContext } from "../plan-context";
import { soundSecondary } from "../plan-log-shipping";
import { compareLsn, positionOf } from "../relations";
import { restoreLog } from "../statements-failover";
import { runJob } from "./agent-job";
import { readBackDiffers, type StepContext } from "./step-context";

/**
 * Brings the secondary past every link that log shipping does not know of: its jobs bring it up to the link, then the link's
 * own file is restored. Nothing where there is none. The file must lie where the backup's engine can read it (3201).
 */
export async function closeChain(context: StepContext, now: PlanContext): Promise<void> {
  const { primary, backup, desired } = now;
  if (primary === undefined || backup === undefined) return;
  const links = missingLinks(primary, backup, desired.logShipping);
  if (links.length === 0) return;
  if (desired.logShipping.restoreDelayMinutes > 0) throw delayed(context, links);
  await catchUp(context, now);
  for (const link of links) await restoreLink(context, now, link);
}

// The restore job may end red in front of the link: that is why we are here.
async function catchUp(context: StepContext, now: PlanContext): Promise<void> {
  const role = now.authority.principals.backup;
  const registered = soundSecondary(now);
  for (const job of [registered?.copyJob, registered?.restoreJob]) {
    if (job === null || job === undefined) continue;
    try {
      await runJob(context, role, job);
    } catch (thrown) {
      const error = toDrError(thrown);
      if (error.code !== "JOB_FAILED") throw error;
      context.readBack({ job: job.name, beforeLink: error.summary });
    }
  }
}

async function restoreLink(context: StepContext, now: PlanContext, link: BackupSetRow): Promise<void> {
  const role = now.authority.principals.backup;
  const { chat } = context.desired;
  const file = link.physicalDeviceName;
  if (file === null) throw new DrError({ code: "INTERNAL", summary: `log set ${link.backupSetUuid} names no file` });
  await context.change({
    role,
    doing: `RESTORE LOG [${chat}] (${file})`,
    text: restoreLog(chat, file),
  });
  const position = positionOf(await context.readInstance(role), chat);
  const reached = position.kind === "at" && link.lastLsn !== null && compareLsn(position.lsn, link.lastLsn) >= 0;
  context.readBack({ link: link.backupSetUuid, file, lastLsn: link.lastLsn, position });
  if (!reached) {
    const found = position.kind === "at" ? position.lsn : position.kind;
    throw readBackDiffers(context.step, `${chat} rolled forward to LSN ${link.lastLsn ?? "?"}`, found);
  }
}

function delayed(context: StepContext, links: readonly BackupSetRow[]): DrError {
  const { restoreDelayMinutes, secondaryServer } = context.desired.logShipping;
  return new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: log backups outside of log shipping's folder wait behind files that it keeps back`,
    where: context.step.where,
    expected: "a restore delay of 0 minutes",
    found: `${String(restoreDelayMinutes)} minutes; ${links.map((link) => link.physicalDeviceName ?? "no file").join(", ")}`,
    hint: `Restore each on ${secondaryServer} WITH NORECOVERY when log shipping has come to it, or set restoreDelayMinutes to 0 for one run.`,
  });
}
