/** F8, O6: a database mirrored to the site's mirror, by the product's cmdlet or by statements of our own. */
import { type DatabaseKind, partnerRole, type SiteName } from "../desired";
import { DrError, toDrError } from "../errors";
import { endpointAddress, mirrorObstacle, type MirrorObstacle, mirrorPair, type MirrorPair } from "../mirror-pair";
import type { DatabaseObservation } from "../observation-types";
import type { PlanContext } from "../plan-context";
import { chainIsKept, mirrorFiles, mirrorInstallation, mirrorSet } from "../plan-mirroring";
import { placeFiles, setFilesOf } from "../plan-restore";
import { readable } from "../authority";
import { sameName } from "../relations";
import { backupFull, removeMirroring } from "../statements";
import { restoreLog } from "../statements-failover";
import { backupLog, restoreMirror, resumeMirroring, setPartner } from "../statements-mirroring";
import { withoutBackupJobs } from "./backup-jobs";
import { closeChain } from "./close-chain";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";
import { waitFor } from "./wait";

/** The site's database and its mirror. */
export function mirrorDatabase(site: SiteName, which: DatabaseKind): StepHandler {
  return {
    sections: ({ plan: { authority } }) => [
      ...new Set([authority.principals.primary, authority.principals.backup, partnerRole(authority.principals[site])]),
    ],
    async converge(context) {
      const now = context.observed;
      const pair = mirrorPair(now, site, which);
      const session = pair.copy?.mirroring ?? null;
      if (session !== null && sameName(session.partnerInstance, pair.partnerName)) {
        await resume(context, pair, session.state);
      } else {
        const obstacle = mirrorObstacle(now, pair);
        if (obstacle !== undefined) throw refused(context, obstacle);
        const work = (): Promise<void> => make(context, now, pair);
        await (which === "chat" ? withoutBackupJobs(context, pair.holder, work) : work());
      }
      await waitForSession(context, pair);
      // The product's own log backup is a link that log shipping does not know of; ours are none.
      const { by } = context.desired.pool.mirroring;
      if (by === "Install-CsMirrorDatabase" && which === "chat" && site === "primary") {
        await closeChain(context, await context.observe());
      }
    },
  };
}

async function resume(context: StepContext, { holder, database }: MirrorPair, state: string): Promise<void> {
  if (state !== "SUSPENDED") return;
  const doing = `ALTER DATABASE [${database}] SET PARTNER RESUME`;
  await context.change({ role: holder, doing, text: resumeMirroring(database) });
}

async function make(context: StepContext, now: PlanContext, pair: MirrorPair): Promise<void> {
  const { mirroring } = context.desired.pool;
  if (mirroring.by === "ALTER DATABASE") {
    await makeByStatements(context, now, pair);
    return;
  }
  const installation = mirrorInstallation(now, pair);
  await context.changeShell(`Install-CsMirrorDatabase: ${pair.database} of ${installation.sqlServerFqdn}`, () =>
    context.estate.shell.installMirrorDatabase(installation, context.desired.timeouts.mirrorSetupSeconds),
  );
}

/** "Prepare a Mirror Database for Mirroring": full and log backup, both restored, then the partners are told of each other. */
async function makeByStatements(context: StepContext, now: PlanContext, pair: MirrorPair): Promise<void> {
  const { database, holder, partner } = pair;
  const set = mirrorSet(database, context.runId);
  const files = mirrorFiles(context.desired, pair, context.runId);
  const copyOnly = chainIsKept(now, pair);
  const moves = placed(context, now, pair);
  await context.change({
    role: holder,
    doing: `BACKUP DATABASE [${database}] (mirror)`,
    text: backupFull({ ...set, file: files.full, copyOnly }),
  });
  await context.change({
    role: partner,
    doing: `RESTORE DATABASE [${database}] WITH NORECOVERY (mirror)`,
    text: restoreMirror({ database, file: files.full, moves }),
  });
  await context.change({
    role: holder,
    doing: `BACKUP LOG [${database}] (mirror)`,
    text: backupLog({ ...set, file: files.log, copyOnly }),
  });
  await context.change({
    role: partner,
    doing: `RESTORE LOG [${database}] (mirror)`,
    text: restoreLog(database, files.log),
  });
  context.readBack({ database, full: files.full, log: files.log, copyOnly });
  await introduce(context, now, pair);
}

// The mirror first: the principal's statement begins the session (1418 otherwise).
async function introduce(context: StepContext, now: PlanContext, pair: MirrorPair): Promise<void> {
  const { database, holder, partner, which } = pair;
  const [address, partnerAddress] = [holder, partner].map((role) => endpointAddress(now, role, which));
  if (typeof address !== "string" || typeof partnerAddress !== "string") {
    throw new DrError({ code: "INTERNAL", summary: `${database}: a partner without a mirroring endpoint` });
  }
  const doing = (to: string): string => `ALTER DATABASE [${database}] SET PARTNER = '${to}'`;
  await context.change({ role: partner, doing: doing(address), text: setPartner(database, address) });
  try {
    await context.change({ role: holder, doing: doing(partnerAddress), text: setPartner(database, partnerAddress) });
  } catch (thrown) {
    await forget(context, pair);
    throw thrown;
  }
}

// A mirror that waits for a principal which never comes cannot be restored over (3104). Whatever hinders us here, it is the
// principal's error that must be told.
async function forget(context: StepContext, { database, partner }: MirrorPair): Promise<void> {
  try {
    const doing = `ALTER DATABASE [${database}] SET PARTNER OFF`;
    await context.change({ role: partner, doing, text: removeMirroring(database) });
  } catch (thrown) {
    context.readBack({ notForgotten: toDrError(thrown).summary });
  }
}

function placed(context: StepContext, now: PlanContext, { database, holder, partner, partnerName }: MirrorPair) {
  const [source, target] = [holder, partner].map((role) => readable(now.observation, role));
  if (source === undefined || target === undefined) {
    throw new DrError({ code: "INTERNAL", summary: `${database}: a partner that was not read` });
  }
  const { moves, unplaced } = placeFiles(setFilesOf(source, database), target, database);
  if (unplaced.length === 0) return moves;
  throw new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: ${partnerName} has no place for files of ${database}`,
    where: context.step.where,
    found: `none for ${unplaced.join(", ")}`,
    hint: "SQL Server before 2012 does not tell its default folders: make the mirror by hand once, or by Install-CsMirrorDatabase.",
  });
}

// SET PARTNER answers before the partners agree (alter-database-transact-sql-database-mirroring).
async function waitForSession(context: StepContext, { holder, database, partnerName }: MirrorPair): Promise<void> {
  const { seen } = await waitFor(
    () => context.readCopy(holder, database),
    (copy) => copy?.mirroring?.state === "SYNCHRONIZED",
    { limitSeconds: context.desired.timeouts.mirroringSeconds },
  );
  const session = seen?.mirroring ?? null;
  context.readBack({
    database,
    partner: session?.partnerInstance ?? null,
    session: session?.state ?? "none",
    safety: session?.safetyLevel ?? null,
  });
  // A session of high performance is never more than SYNCHRONIZING, and a big one is not for a while: both protect by then.
  const runs = session?.state === "SYNCHRONIZED" || session?.state === "SYNCHRONIZING";
  if (runs && sameName(session.partnerInstance, partnerName)) return;
  throw readBackDiffers(context.step, `${database} mirrored to ${partnerName}, SYNCHRONIZED`, sessionText(seen));
}

function sessionText(copy: DatabaseObservation | undefined): string {
  if (copy === undefined) return "no such database";
  if (copy.mirroring === null) return `${copy.state}, not mirrored`;
  return `mirrored to ${copy.mirroring.partnerInstance ?? "?"}, ${copy.mirroring.state}`;
}

function refused(context: StepContext, { message, hint }: MirrorObstacle): DrError {
  return new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id} ${context.step.title}: ${message}`,
    where: context.step.where,
    hint,
  });
}
