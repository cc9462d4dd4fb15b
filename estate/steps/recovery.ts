/** O4: the backup's copy is opened. Its recovery is the point of no return: no log of the primary can be applied afterwards. */
import { DrError } from "../errors";
import { type FailoverContext, failoverContextOf } from "../failover-context";
import { unopened } from "../failover-steps";
import { lossOf } from "../loss";
import type { InstanceRole } from "../observation-types";
import { orphanedUsers } from "../plan-restore";
import { databaseOf } from "../relations";
import { openForWriting, setMultiUser, setOwner } from "../statements";
import { recoverDatabase } from "../statements-failover";
import { accessText, readBackDiffers, type StepContext, type StepHandler } from "./step-context";

export const recover: StepHandler = {
  sections: ({ plan }) => [plan.authority.principals.backup],
  async converge(context) {
    const role = context.plan.authority.principals.backup;
    const { chat } = context.desired;
    const now = failoverContextOf(await context.observe());
    if (now.closed) {
      await passGate(context, now);
      await context.change({ role, doing: `RESTORE DATABASE [${chat}] WITH RECOVERY`, text: recoverDatabase(chat) });
    }
    await openForEverybody(context, role);
    const after = failoverContextOf(await context.observe());
    context.readBack({
      state: after.backupCopy && accessText(after.backupCopy),
      owner: after.backupCopy?.ownerName,
      usersWithoutLogin: after.backup === undefined ? [] : orphanedUsers(after.backup).map(({ name }) => name),
    });
    const left = unopened(after);
    if (left.length > 0) throw readBackDiffers(context.step, `${chat} open for everybody`, left.join("; "));
  },
};

/**
 * Opens a recovered copy for everybody: SINGLE_USER came with the tail, read-only with a fence, an owner without a login
 * with the copy of another instance.
 */
export async function openForEverybody(context: StepContext, role: InstanceRole): Promise<void> {
  const { chat } = context.desired;
  const copy = databaseOf(await context.readInstance(role), chat);
  if (copy === undefined) throw readBackDiffers(context.step, `${chat} ONLINE`, "no such database");
  if (copy.isReadOnly) {
    await context.change({ role, doing: `ALTER DATABASE [${chat}] SET READ_WRITE`, text: openForWriting(chat) });
  }
  if (copy.userAccess !== "MULTI_USER") {
    await context.change({ role, doing: `ALTER DATABASE [${chat}] SET MULTI_USER`, text: setMultiUser(chat) });
  }
  if (copy.ownerName === null) {
    await context.change({ role, doing: `ALTER AUTHORIZATION ON [${chat}]`, text: setOwner(chat, "sa") });
  }
}

/** Read in one go right before: nothing is left to apply, nobody can write on the other side, and nobody else has acted. */
async function passGate(context: StepContext, now: FailoverContext): Promise<void> {
  await context.assertLocked();
  const { authority, remaining, tail, position, shell } = now;
  const loss = lossOf(now, new Date(), true);
  const checks = [
    {
      expected: "the primary's copy closed by its tail, or gone",
      found: `${authority.facts.primaryCopy}, ${authority.message}`,
      holds: authority.outcome === "backup" && authority.moves === true && !now.closesPrimary,
    },
    {
      expected: "no log set left to apply",
      found: `${String(remaining?.apply.length ?? 0)} sets`,
      holds: remaining === null || remaining.apply.length === 0,
    },
    {
      expected: "the tail applied to its end",
      found: tail === undefined ? "no tail" : `at ${position?.lsn ?? "?"}, tail to ${tail.lastLsn ?? "?"}`,
      holds: tail === undefined || tail.lastLsn === position?.lsn,
    },
    {
      expected: "no active server",
      found: `${String(shell?.activeServers.length ?? 0)} active servers`,
      holds: shell?.activeServers.length === 0 || authority.facts.poolState === "FailedOver",
    },
  ];
  context.readBack({ pointOfNoReturn: checks, loss: { ...loss } });
  const failed = checks.filter((check) => !check.holds);
  if (failed.length === 0) return;
  throw new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: recovering the backup's copy, the point of no return, is refused`,
    where: context.step.where,
    expected: failed.map((check) => check.expected).join("; "),
    found: failed.map((check) => check.found).join("; "),
    hint: "The backup's copy can still be rolled forward. Mend what is named, then run the same command again.",
  });
}
