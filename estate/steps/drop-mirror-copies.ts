/** F8: RESTORING copies that the former mirror kept, dropped where the configuration says so: after the chat is back, never before. */
import { partnerRole, type SiteName } from "../desired";
import { DrError } from "../errors";
import { readable } from "../authority";
import { leftoversOf } from "../plan-mirroring";
import { dropRestoringCopy } from "../statements-mirroring";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";

/** The copies on the mirror of the site that the chat has left. */
export function dropMirrorCopies(site: SiteName): StepHandler {
  return {
    sections: ({ plan }) => [partnerRole(plan.authority.principals[site])],
    async converge(context) {
      const now = context.observed;
      const role = partnerRole(now.authority.principals[site]);
      // Only a sysadmin is shown a mirror's session (sys.database_mirroring): for others every mirror looks like a leftover.
      if (readable(now.observation, role)?.server.isSysadmin !== true) throw notSysadmin(context);
      for (const { database, judged } of leftoversOf(now, site)) {
        context.readBack({ database, covered: judged.covered, reason: judged.reason });
        if (!judged.covered) continue;
        await context.change({ role, doing: `DROP DATABASE [${database}]`, text: dropRestoringCopy(database) });
        const left = await context.readCopy(role, database);
        if (left !== undefined) throw readBackDiffers(context.step, `no ${database}`, left.state);
      }
    },
  };
}

function notSysadmin(context: StepContext): DrError {
  return new DrError({
    code: "PERMISSION_DENIED",
    summary: `${context.step.id}: the login cannot tell a leftover from a mirror`,
    where: context.step.where,
    expected: "a member of sysadmin",
    found: "a login that is none",
    hint: "Give `pulumi up` a login that is a member of sysadmin on the mirror too.",
  });
}
