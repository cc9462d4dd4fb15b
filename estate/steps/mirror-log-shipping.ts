/**
 * F8: the primary's half of log shipping on the site's mirror, by the documented procedure: the mirror is made the principal,
 * the registration is made there, and the former principal takes its place again.
 */
import { partnerRole, type SiteName } from "../desired";
import { DrError, toDrError } from "../errors";
import { mirrorPair, type MirrorPair } from "../mirror-pair";
import type { InstanceRole } from "../observation-types";
import type { LogShippingChange } from "../plan-log-shipping";
import { failoverObstacle, mirrorShippingChanges, needsPrincipal, storeOf } from "../plan-mirror-shipping";
import { failOverToMirror } from "../statements-mirroring";
import { proofOfService } from "./prove-service";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";
import { waitFor } from "./wait";

/** Rounds of looking and changing: registering, then what only shows afterwards (jobs and schedules), then nothing. */
const rounds = 3;

/** Log shipping of the site's mirror. */
export function shipFromMirror(site: SiteName): StepHandler {
  return {
    sections: ({ plan: { authority } }) => [authority.principals[site], partnerRole(authority.principals[site])],
    async converge(context) {
      let now = context.observed;
      for (let round = 1; ; round += 1) {
        const changes = mirrorShippingChanges(now, site);
        if (changes.length === 0) break;
        if (round > rounds) {
          const left = changes.map(({ property, now: is, then }) => `${property} ${is}, not ${then}`).join("; ");
          throw readBackDiffers(context.step, "log shipping of the mirror as configured", left);
        }
        const pair = mirrorPair(now, site, "chat");
        await (changes.some(needsPrincipal)
          ? asPrincipal(context, site, pair, changes)
          : apply(context, pair.partner, changes));
        now = await context.observe();
      }
      const { partnerName, copy, holderName } = mirrorPair(now, site, "chat");
      context.readBack({ registered: partnerName, principal: holderName, session: copy?.mirroring?.state });
    },
  };
}

/** Makes the mirror the principal for as long as the changes take; its jobs are enabled when it is the mirror again. */
async function asPrincipal(
  context: StepContext,
  site: SiteName,
  pair: MirrorPair,
  changes: readonly LogShippingChange[],
): Promise<void> {
  const obstacle = failoverObstacle(pair);
  if (obstacle !== undefined) throw refused(context, pair, obstacle);
  await failOver(context, pair, "partner");
  try {
    await apply(
      context,
      pair.partner,
      changes.filter((change) => change.part !== "jobs"),
    );
  } catch (thrown) {
    // The error that stopped us is the one to be told; the principal goes back whatever it was.
    await failOver(context, pair, "holder").catch((second: unknown) => {
      context.readBack({ notBroughtBack: toDrError(second).summary });
    });
    throw thrown;
  }
  await failOver(context, pair, "holder");
  // Every chat server has lost its connection twice.
  context.readBack(await proofOfService(context, site));
}

async function apply(context: StepContext, role: InstanceRole, changes: readonly LogShippingChange[]): Promise<void> {
  for (const { part, property, statements } of changes) {
    for (const { text } of statements) await context.change({ role, doing: `${part}: ${property}`, text });
  }
}

/** The partners change their roles; ends when the new principal serves and its mirror follows again. */
async function failOver(context: StepContext, pair: MirrorPair, to: "holder" | "partner"): Promise<void> {
  const { database } = pair;
  const { pool, timeouts } = context.desired;
  const store = storeOf(pair, to);
  const [from, role, name] =
    to === "partner" ? [pair.holder, pair.partner, pair.partnerName] : [pair.partner, pair.holder, pair.holderName];
  if (pool.mirroring.by === "Install-CsMirrorDatabase") {
    await context.changeShell(`Invoke-CsDatabaseFailover: ${store}`, () =>
      context.estate.shell.failOverChatDatabase(pool.fqdn, store),
    );
  } else {
    const doing = `ALTER DATABASE [${database}] SET PARTNER FAILOVER`;
    await context.change({ role: from, doing, text: failOverToMirror(database) });
  }
  const { seen, satisfied } = await waitFor(
    () => context.readCopy(role, database),
    (copy) =>
      copy?.state === "ONLINE" && copy.mirroring?.role === "PRINCIPAL" && copy.mirroring.state === "SYNCHRONIZED",
    { limitSeconds: timeouts.mirroringSeconds },
  );
  context.readBack({ principal: name, session: seen?.mirroring?.state ?? "none" });
  if (satisfied) return;
  const found = seen === undefined ? "no such database" : `${seen.state}, ${seen.mirroring?.role ?? "not mirrored"}`;
  throw new DrError({
    code: "TIMEOUT",
    summary: `${context.step.id}: ${name} did not become the principal of ${database} within ${String(timeouts.mirroringSeconds)} s`,
    where: name,
    expected: "ONLINE, PRINCIPAL, SYNCHRONIZED",
    found: `${found}, ${seen?.mirroring?.state ?? "no session"}`,
    hint: `Invoke-CsDatabaseFailover -PoolFqdn ${pool.fqdn} -DatabaseType PersistentChat -NewPrincipal ${storeOf(pair, "holder")} brings it back to ${pair.holderName}.`,
  });
}

function refused(context: StepContext, { database, holderName, partnerName }: MirrorPair, found: string): DrError {
  return new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id} ${context.step.title}: ${holderName} and ${partnerName} cannot change their roles`,
    where: context.step.where,
    expected: `${database} mirrored to ${partnerName}, SYNCHRONIZED, safety FULL`,
    found,
    hint: "Wait until the mirror has caught up, or set mirroring.logShipping to false.",
  });
}
