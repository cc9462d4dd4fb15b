/** Differences of log shipping for people: a missing half as one line, and what no property of the resource shows. Pure. */
import { latenessOf, type Lateness } from "../log-shipping-lateness";
import { isShippingFor } from "../log-shipping-stray";
import type { InstanceObservation } from "../observation-types";
import type { PlanContext } from "../plan-context";
import { logShippingChanges, seedNeeded, soundPrimary, soundSecondary } from "../plan-log-shipping";
import { plannedRun } from "../plan-steps";
import { sameName } from "../relations";
import type { Difference } from "./differences";
import type { Since } from "./drift-types";
import type { LastDone } from "./last-done";

type Dated = Difference & { readonly since: Since | null };

/** The differences of the properties, with those that are none of them: late files, a copy that cannot follow, leftovers. */
export function shippingRows(context: PlanContext, differing: readonly Dated[], lastDone: LastDone): readonly Dated[] {
  const since = lastDone.get("F5") ?? null;
  const halves = halfRows(context, differing);
  // On the way home F4 and F5 make all of it anew.
  if (context.wayHome) return halves;
  const seed = seedNeeded(context);
  return [
    ...halves,
    ...(seed === null
      ? []
      : [{ property: "secondary.copy", desired: `follows ${context.primaryName}`, observed: seed, since }]),
    ...leftovers(context, halves, since),
    ...lateRows(context),
  ];
}

/** The differences of the properties; a half that is not there is told in words. */
export function halfRows(context: PlanContext, differing: readonly Dated[]): readonly Dated[] {
  return differing.map((one) => (isHalf(one.property) ? missingHalf(context, one) : one));
}

function isHalf(property: string): property is "primary" | "secondary" {
  return property === "primary" || property === "secondary";
}

function missingHalf(context: PlanContext, { property, since }: Dated): Dated {
  const observed = property === "primary" ? primaryFault(context) : secondaryFault(context);
  return { property, desired: "registered", observed, since };
}

// Why a registration that is there does not count (dbatools' users know it as "do not form a valid pair").
function primaryFault({ primary, desired }: PlanContext): string {
  const row = primary?.logShippingPrimary.find((one) => sameName(one.primaryDatabase, desired.chat));
  if (row === undefined) return "not registered";
  return faults(primary, [["backup", row.backupJob]], row.monitor).join(", ");
}

function secondaryFault({ backup, desired }: PlanContext): string {
  const row = backup?.logShippingSecondary.find(
    (one) => sameName(one.primaryDatabase, desired.chat) || sameName(one.database?.secondaryDatabase, desired.chat),
  );
  if (row === undefined) return "not registered";
  const { primaryServer } = desired.logShipping;
  return [
    ...(sameName(row.primaryServer, primaryServer) ? [] : [`ships from ${row.primaryServer}`]),
    ...(row.database === null ? ["without its database"] : []),
    ...faults(
      backup,
      [
        ["copy", row.copyJob],
        ["restore", row.restoreJob],
      ],
      row.database === null ? undefined : row.monitor,
    ),
  ].join(", ");
}

function faults(
  instance: InstanceObservation | undefined,
  jobs: readonly (readonly [string, Parameters<typeof isShippingFor>[1]])[],
  monitor: object | null | undefined,
): string[] {
  return [
    ...jobs.flatMap(([kind, job]) => {
      if (job === null) return [`the ${kind} job is gone`];
      return isShippingFor(instance, job) ? [] : [`the ${kind} job runs for another registration`];
    }),
    ...(monitor === null ? ["the monitor has no row of it"] : []),
  ];
}

// A registration that is made anew was told as a missing half.
function leftovers(context: PlanContext, halves: readonly Dated[], since: Since | null): Dated[] {
  const told = halves.map((one) => one.property);
  const anew = [
    ...(told.includes("primary") ? [`${context.primaryName} primary`] : []),
    ...(told.includes("secondary") || seedNeeded(context) !== null ? [`${context.backupName} secondary`] : []),
  ];
  return logShippingChanges(context, plannedRun)
    .filter(
      ({ part, property }) =>
        part === "remove-stray" || part === "link" || (part === "remove-stale" && !anew.includes(property)),
    )
    .map(({ property, now, then }) => ({ property, desired: then, observed: now, since }));
}

function lateRows(context: PlanContext): Dated[] {
  const late = latenessOf(soundPrimary(context), soundSecondary(context), context);
  return late.map((one) => ({
    property: `${one.what === "backup" ? "primary.lastBackup" : one.what === "copy" ? "secondary.lastCopy" : "secondary.lastRestore"}`,
    desired: `at most ${String(one.thresholdMinutes)} minutes old`,
    observed: ageText(one),
    since: lastFile(context, one),
  }));
}

function ageText({ ageMinutes, file }: Lateness): string {
  if (ageMinutes === null) return "none so far";
  const name = file === null ? "" : ` (${file.slice(file.lastIndexOf("\\") + 1)})`;
  return `${String(ageMinutes)} minutes old${name}`;
}

function lastFile({ primaryName, backupName }: PlanContext, { what, last }: Lateness): Since | null {
  if (last === null) return null;
  const clock = what === "backup" ? primaryName : backupName;
  return { relation: "after", time: last, clock, source: `the last ${what} of log shipping` };
}
