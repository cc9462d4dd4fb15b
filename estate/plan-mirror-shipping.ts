/**
 * Log shipping known to a site's mirror (F8): the primary's half of it is registered there as well, with the same settings,
 * so that it goes on after a failover inside the site ("Database Mirroring and Log Shipping"). Pure.
 */
import { readable } from "./authority";
import type { Desired, DesiredLogShipping, SiteName } from "./desired";
import { mirrorPair, type MirrorPair } from "./mirror-pair";
import { inShell, type PlanContext } from "./plan-context";
import { type LogShippingChange, registrationChanges } from "./plan-log-shipping";
import type { PlannedStatement, StepBody } from "./plan-types";
import { databaseOf, sameName } from "./relations";
import { failOverChatDatabase, type PrincipalStore } from "./shell/commands";
import { failOverToMirror } from "./statements-mirroring";

/** Parts that the procedures do to an ONLINE database only (32008): the mirror has to be the principal for them. */
const online: ReadonlySet<LogShippingChange["part"]> = new Set(["add-primary", "name-secondary", "change-primary"]);

/** Place of the registration in its plan. */
export interface MirrorShippingTarget extends Pick<StepBody, "key" | "id"> {
  readonly site: SiteName;
}

/** The site's mirror has the primary's half of log shipping too, where the configuration says so. */
export function mirrorShippingStep(context: PlanContext, { key, id, site }: MirrorShippingTarget): StepBody {
  const pair = mirrorPair(context, site, "chat");
  const changes = mirrorShippingChanges(context, site);
  const open = changes.length > 0;
  const moves = changes.some(needsPrincipal);
  const names = changes.map((change) => change.property);
  const shown = names.slice(0, 3).join(", ");
  return {
    key,
    id,
    resource: "MirrorLogShipping",
    title: "Log shipping from the mirror",
    where: pair.partnerName,
    role: pair.partner,
    now: open ? (changes.some((change) => change.part === "add-primary") ? "not registered" : shown) : "registered",
    then: `registered${moves ? ", by a failover to it and back" : ""}`,
    open,
    reason: names.length > 3 ? `${shown}, and ${names.length - 3} more` : shown,
    statements: [
      ...(moves ? [failOver(context, pair, pair.holder)] : []),
      ...changes.flatMap((change) => change.statements),
      ...(moves ? [failOver(context, pair, pair.partner)] : []),
    ],
    estimateSeconds: open ? (moves ? 60 : 5) : null,
  };
}

/** True where the site's mirror is to ship the log whenever it is the principal. */
export function wantsMirrorShipping(desired: Desired, site: SiteName): boolean {
  return desired.pool[site].mirror !== undefined && desired.pool.mirroring.logShipping;
}

/** What the mirror's registration lacks; nothing where none is wanted, or the mirror could not be read. */
export function mirrorShippingChanges(context: PlanContext, site: SiteName): readonly LogShippingChange[] {
  if (!wantsMirrorShipping(context.desired, site)) return [];
  const there = mirrorContext(context, site);
  return there === undefined ? [] : registrationChanges(there);
}

/** True for a change that is made while the mirror is the principal. */
export function needsPrincipal({ part }: LogShippingChange): boolean {
  return online.has(part);
}

/** The context as it would be with the site's other instance for its principal; undefined when that could not be read. */
export function mirrorContext(context: PlanContext, site: SiteName): PlanContext | undefined {
  const { partner, partnerName } = mirrorPair(context, site, "chat");
  const instance = readable(context.observation, partner);
  if (instance === undefined) return undefined;
  const { desired } = context;
  return {
    ...context,
    desired: { ...desired, logShipping: shippingOn(desired.logShipping, partnerName) },
    primary: instance,
    primaryName: partnerName,
    primaryCopy: databaseOf(instance, desired.chat),
  };
}

/** The same log shipping, registered on another instance. */
export function shippingOn(shipping: DesiredLogShipping, primaryServer: string): DesiredLogShipping {
  const backup = `LSBackupSchedule_${primaryServer}1`;
  return { ...shipping, primaryServer, schedules: { ...shipping.schedules, backup } };
}

/** Name of an instance of the site in the topology, as Invoke-CsDatabaseFailover asks for it. */
export function storeOf({ holder, partner }: Pick<MirrorPair, "holder" | "partner">, to: "holder" | "partner") {
  const role = to === "holder" ? holder : partner;
  return (role === "primary" || role === "backup" ? "Primary" : "Mirror") satisfies PrincipalStore;
}

/** Why the partners cannot change their roles now; undefined when they can: both are told everything, at once (1422). */
export function failoverObstacle({ copy, database, partnerName }: MirrorPair): string | undefined {
  const session = copy?.mirroring ?? null;
  if (session === null) return `${database} is not mirrored`;
  if (!sameName(session.partnerInstance, partnerName)) {
    return `${database} is mirrored to ${session.partnerInstance ?? "another instance"}`;
  }
  if (session.safetyLevel !== "FULL") return `the session of ${database} has safety ${session.safetyLevel}`;
  return session.state === "SYNCHRONIZED" ? undefined : `the session of ${database} is ${session.state}`;
}

// From the present principal: by the product, which knows the partners by their stores, or by the engine.
function failOver(context: PlanContext, pair: MirrorPair, from: MirrorPair["holder"]): PlannedStatement {
  const { pool } = context.desired;
  const leaving = from === pair.holder;
  if (pool.mirroring.by === "Install-CsMirrorDatabase") {
    return inShell(failOverChatDatabase(pool.fqdn, storeOf(pair, leaving ? "partner" : "holder")));
  }
  return { where: leaving ? pair.holderName : pair.partnerName, text: failOverToMirror(pair.database) };
}
