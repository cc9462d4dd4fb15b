/** The drift of one pool, from the same observation and plan that its resources show and that an `up` would act on. Pure. */
import { attendedSteps, attendedText } from "../attended";
import { authorityText } from "../authority";
import { type Desired, serverName } from "../desired";
import type { Section } from "../observation-types";
import { mirrorObstacle, mirrorPair } from "../mirror-pair";
import { openSteps } from "../plan";
import { contextOf, type PlanContext } from "../plan-context";
import { desiredInputs, sectionOf } from "../plan-inputs";
import { servesOn } from "../plan-health";
import { serverText } from "../plan-steps";
import type { Finding, Plan, PlanStep } from "../plan-types";
import type { Seen } from "../pool-run";
import { type Drift, type DriftRow, severities, type Unread } from "./drift-types";
import { differences } from "./differences";
import type { LastDone } from "./last-done";
import { halfRows, shippingRows } from "./shipping-rows";
import { severityOf, shippingContext } from "./severity";
import { sinceOf, sinceOfPrimaryCopy } from "./since";

/** Which run asks, and what is known of earlier ones. */
export interface DriftQuestion {
  readonly stack: string;
  /** UTC, ISO 8601. */
  readonly time: string;
  readonly lastDone: LastDone;
}

/** Every difference between what is desired of a pool and what was seen of it. */
export function driftOf({ observation, plan }: Seen, desired: Desired, question: DriftQuestion): Drift {
  const context = contextOf(observation, desired);
  const unread = unreadOf(context);
  const found = [
    ...authorityRows(context, unread),
    ...openSteps(plan).flatMap((step) => stepRows(context, plan, step, question.lastDone)),
    ...plan.findings.flatMap(findingRows),
  ];
  // Stable: within one severity the rows stay in the order of the steps.
  const rows = found.sort((left, right) => severities.indexOf(left.severity) - severities.indexOf(right.severity));
  const open = new Set(openSteps(plan).map((step) => step.id));
  return {
    pool: plan.pool,
    stack: question.stack,
    time: question.time,
    authority: authorityText(plan.authority),
    rows,
    unread,
    attended: attendedText(attendedSteps(context, open)),
  };
}

// A mirror is needed by no comparison: its principal says how their session is. Neither is a primary site that is gone, once
// it is clear that the pool runs on the backup and shall.
function unreadOf({ observation, authority, desired }: PlanContext): Unread[] {
  const { principals } = authority;
  const primaryNeeded = desired.active === "primary" || authority.outcome === "unclear";
  const parts: readonly (readonly [string, Section<unknown> | undefined])[] = [
    ["Management Shell", observation.shell],
    ...(primaryNeeded
      ? [[serverName(desired.pool, principals.primary), observation.instances[principals.primary]] as const]
      : []),
    [serverName(desired.pool, principals.backup), observation.instances[principals.backup]],
  ];
  return parts.flatMap(([what, section]) => {
    if (section === undefined || section.reachable) return [];
    const { address, message, code } = section.failure;
    return [{ what, address, message, code }];
  });
}

// What cannot be decided because something could not be read is told by `unread`, and is no difference.
function authorityRows(context: PlanContext, unread: readonly Unread[]): DriftRow[] {
  const { authority, desired } = context;
  // A move that is under way is told by the steps that are left.
  if (authority.outcome === desired.active) return [];
  if (authority.outcome === "unclear" && unread.length > 0) return [];
  const unclear = authority.outcome === "unclear";
  return [
    {
      step: "F0",
      resource: "Preflight",
      property: "authority",
      desired: desired.active,
      observed: unclear ? `unclear (${authority.code ?? "UNKNOWN_COMBINATION"})` : authority.outcome,
      severity: "service",
      since: unclear || desired.active === "backup" ? null : sinceOfPrimaryCopy(context),
      mendedBy: unclear ? "person" : "attended-up",
      hint: unclear ? (authority.hint ?? authority.message) : "",
    },
  ];
}

function stepRows(context: PlanContext, plan: Plan, step: PlanStep, lastDone: LastDone): DriftRow[] {
  const { desired, observation } = context;
  const { key } = step;
  const proof = step.resource === "ChatService";
  // A proof that only follows other steps is no difference of its own, and no chat is expected here before it came home.
  if (proof && (context.wayHome || context.authority.moves === true || servesOn(context, desired.active))) return [];
  const attended = attendedSteps(context, new Set([step.id])).length > 0;
  const wanted = desiredInputs(desired, key);
  const { inputs } = sectionOf(observation, desired, plan, key);
  const differing = differences(wanted, inputs).map((one) => ({
    ...one,
    since: sinceOf(context, key, one.property, lastDone),
  }));
  const told =
    key === "F5" ? shippingRows(context, differing, lastDone) : halfRows(shippingContext(context, key), differing);
  // Nothing that a property shows: what is left to do is told in words.
  const whole = {
    property: "step",
    desired: "done",
    observed: step.reason,
    since: sinceOf(context, key, "", lastDone),
  };
  // An `up` proves the service and starts none; a mirror that cannot be made is refused by every `up`.
  const byHand = proof
    ? `Start the chat service on ${serverText(desired.activeServers)} (Get-CsWindowsService).`
    : mirrorHint(context, step);
  return (told.length > 0 ? told : [whole]).map((one) => ({
    step: key,
    resource: step.resource,
    ...one,
    severity: severityOf(context, key, one.property),
    mendedBy: attended && !proof ? "attended-up" : byHand === undefined ? "up" : "person",
    hint: attended && !proof ? "" : (byHand ?? ""),
  }));
}

/** What a person does about a mirror that no step can make as it is; undefined for every other step. */
function mirrorHint(context: PlanContext, { id, key, resource }: PlanStep): string | undefined {
  if (resource !== "DatabaseMirroring" || (id !== "F8" && id !== "O6")) return undefined;
  const which = key.endsWith("compliance") ? "compliance" : "chat";
  return mirrorObstacle(context, mirrorPair(context, id === "F8" ? "primary" : "backup", which))?.hint;
}

// Our reports tell of steps: whether a session or an Agent was as desired at a run's end, no report says.
function findingRows({ drift, hint }: Finding): DriftRow[] {
  return drift === undefined ? [] : [{ step: "F0", ...drift, since: drift.since ?? null, mendedBy: "person", hint }];
}
