/** F2 and P2: mirroring off on the site that serves. The mirror keeps its RESTORING copy: a third copy until the move is done. */
import { partnerRole } from "../desired";
import { toDrError } from "../errors";
import { removeMirroring } from "../statements";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";
import { waitFor } from "./wait";

/** Of the chat database, or of the compliance database. */
export function endMirroring(which: "chat" | "compliance"): StepHandler {
  return {
    sections: ({ plan, desired }) => [
      plan.authority.principals.backup,
      ...(desired.pool.backup.mirror === undefined ? [] : [partnerRole(plan.authority.principals.backup)]),
    ],
    async converge(context) {
      const database = which === "chat" ? context.desired.chat : context.desired.compliance;
      if (database === false) return;
      await endMirroringOf(context, "backup", database);
    },
  };
}

/** Ends the session of one database on the site's principal, in whatever state that is, and waits for its end. */
export async function endMirroringOf(
  context: StepContext,
  site: "primary" | "backup",
  database: string,
): Promise<void> {
  const role = context.plan.authority.principals[site];
  const before = await context.readCopy(role, database);
  if (before === undefined || before.mirroring === null) return;
  await context.change({
    role,
    doing: `ALTER DATABASE [${database}] SET PARTNER OFF`,
    text: removeMirroring(database),
  });
  // SET PARTNER may answer before the session has ended (alter-database-transact-sql-database-mirroring).
  const { seen, satisfied } = await waitFor(
    () => context.readCopy(role, database),
    (copy) => copy !== undefined && copy.mirroring === null && copy.state === before.state,
    { limitSeconds: context.desired.timeouts.mirroringSeconds },
  );
  context.readBack({
    database,
    partnerBefore: before.mirroring.partnerInstance,
    state: seen?.state,
    mirrored: seen?.mirroring !== null,
    formerMirror: await copyOfFormerMirror(context, site, database),
  });
  if (!satisfied) {
    const found =
      seen === undefined
        ? "no such database"
        : `${seen.state}${seen.mirroring === null ? "" : `, ${seen.mirroring.role} ${seen.mirroring.state}`}`;
    throw readBackDiffers(context.step, `${database} ${before.state} without a partner`, found);
  }
}

// The third copy. While its instance is away it learns of the end of the session later; the session has ended all the same.
async function copyOfFormerMirror(context: StepContext, site: "primary" | "backup", database: string): Promise<string> {
  if (context.desired.pool[site].mirror === undefined) return "none configured";
  try {
    const copy = await context.readCopy(partnerRole(context.plan.authority.principals[site]), database);
    return copy?.state ?? "no such database";
  } catch (thrown) {
    return toDrError(thrown).summary;
  }
}
