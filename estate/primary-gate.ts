/**
 * The checks before F4's restore over the primary's copy: what is there is gone from its first byte. Jobs that end and whole
 * files that are read lie between the plan and that moment, and a colleague may act meanwhile. Read in one go, decided here.
 * Pure.
 */
import { authorityText } from "./authority";
import type { DatabaseObservation, InstanceObservation } from "./observation-types";
import type { PlanContext } from "./plan-context";
import { compareContents, databaseOf, isOnline, poolSessions, salvageOf, sameCounter, sameName } from "./relations";

/** One check with its answer. */
export interface PrimaryCheck {
  readonly expected: string;
  readonly found: string;
  readonly holds: boolean;
}

/**
 * Every check of the gate.
 * @param before what the step was begun with
 * @param now what was read right before the restore
 */
export function primaryGateChecks(before: PlanContext, now: PlanContext): readonly PrimaryCheck[] {
  const { primary, shell, desired, authority } = now;
  if (primary === undefined || shell === undefined || before.primary === undefined) {
    return [{ expected: "the primary and the shell answer", found: "one of them does not", holds: false }];
  }
  const sessions = poolSessions(primary, desired.chat, shell.machines);
  const active = shell.activeServers.length;
  const saved = authority.salvage !== true || salvageOf(primary, desired.chat) !== undefined;
  return [
    {
      expected: `authority as it was: row ${String(before.authority.number)}, and the primary's copy to be made anew`,
      found: authorityText(authority),
      holds: now.renewsPrimary && authority.number === before.authority.number,
    },
    sameCopy(before.primary, primary, desired.chat),
    sameContent(before.primary, primary, desired.chat),
    {
      expected: "no chat server in the primary's copy",
      found: sessions.length === 0 ? "none" : sessions.map((one) => `${one.hostName} (${one.programName})`).join(", "),
      holds: sessions.length === 0,
    },
    {
      expected: "pool state FailedOver and no active server",
      found: `${shell.poolState}, ${String(active)} active`,
      holds: sameName(shell.poolState, "FailedOver") && active === 0,
    },
    {
      expected: "nothing to save, or saved as it is now",
      found: saved ? (authority.salvage === true ? "saved" : "nothing to save") : "written to since it was saved",
      holds: saved,
    },
  ];
}

function sameCopy(before: InstanceObservation, now: InstanceObservation, chat: string): PrimaryCheck {
  const [was, is] = [copyText(databaseOf(before, chat)), copyText(databaseOf(now, chat))];
  return { expected: was, found: is, holds: was === is };
}

function copyText(copy: DatabaseObservation | undefined): string {
  if (copy === undefined) return "no such database";
  const { state, familyGuid, recoveryForkGuid, mirroring } = copy;
  const session = mirroring === null ? "not mirrored" : mirroring.role;
  return `${state}, family ${familyGuid ?? "not known"}, fork ${recoveryForkGuid ?? "not known"}, ${session}`;
}

// A log that was not written to since proves it; one that was may have taken a checkpoint only, so what it holds decides.
function sameContent(before: InstanceObservation, now: InstanceObservation, chat: string): PrimaryCheck {
  const expected = "nothing written to the primary's copy since the step began";
  const copy = databaseOf(now, chat);
  if (copy === undefined || !isOnline(copy)) return { expected, found: "no copy that can be written to", holds: true };
  if (sameCounter(before.logWrites, now.logWrites)) {
    return { expected, found: `its log as it was, ${now.logWrites?.bytesWritten ?? "?"} bytes`, holds: true };
  }
  const comparison = compareContents(before.content, now.content);
  return {
    expected,
    found: comparison === "equal" ? "its log written to, its content as it was" : `content: ${comparison}`,
    holds: comparison === "equal",
  };
}
