/**
 * What each resource shows in Pulumi: its inputs as desired and as observed, in one shape, so that a preview names each
 * drifted property with both values. Nothing in them changes by itself: a saved plan would break on it. Pure.
 */
import type { Desired } from "./desired";
import { desiredFailoverInputs, observedFailoverInputs } from "./failover-inputs";
import type { Observation } from "./observation-types";
import { contextOf, type PlanContext } from "./plan-context";
import {
  chatServiceInputs,
  leftoversInputs,
  mirrorInputs,
  mirrorShippingInputs,
  observedChatService,
  observedLeftovers,
  observedMirror,
  observedMirrorShipping,
} from "./plan-inputs-after";
import { logShippingInputs, observedLogShipping } from "./plan-inputs-shipping";
import { sameList, poolStateStep } from "./plan-steps";
import { type Plan, stepOf } from "./plan";
import type { StepKey } from "./plan-types";
import { databaseOf } from "./relations";

/** A value that Pulumi's state can hold. */
export type InputValue = string | number | boolean | readonly InputValue[] | { readonly [key: string]: InputValue };

/** Inputs of one resource, without `pool` and `step`, which every resource has. */
export type StepInputs = { readonly [property: string]: InputValue };

/** Inputs and `step` as `read` returns them. */
export interface StepSection {
  readonly inputs: StepInputs;
  /** `done`, or `open: ` and the reason. `check` always returns `done`. */
  readonly step: string;
}

/** The inputs of a step as desired. */
export function desiredInputs(desired: Desired, key: StepKey): StepInputs {
  const { pool, chat, compliance } = desired;
  const [primary, backup] = [pool.primary.principal.server, pool.backup.principal.server];
  switch (key) {
    case "F0":
      return { plan: [] };
    case "F1":
      return { activeServers: [] };
    case "F2-chat":
      return { instance: backup, database: chat, partner: "none" };
    case "F2-compliance":
      return { instance: backup, database: compliance === false ? "none" : compliance, partner: "none" };
    case "F2b":
      return { instance: backup, database: chat, fence: "read-only" };
    case "F3":
      return {
        instance: backup,
        database: chat,
        folder: desired.backupFolder,
        name: desired.backupName,
        ...(pool.backupSet.description === undefined ? {} : { description: pool.backupSet.description }),
        copyOnly: pool.backupSet.copyOnly,
        compression: pool.backupSet.compression,
      };
    case "F4":
      return { instance: primary, database: chat, source: backup, state: "ONLINE, read-write", compare: pool.compare };
    case "F5":
      return logShippingInputs(desired);
    case "F6":
      return { activeServers: desired.activeServers };
    case "F7":
      return { poolState: "Normal" };
    case "F7b":
      return chatServiceInputs(desired, "primary");
    case "F8-chat":
      return mirrorInputs(desired, "primary", "chat");
    case "F8-compliance":
      return mirrorInputs(desired, "primary", "compliance");
    case "F8-leftovers":
      return leftoversInputs(desired, "backup");
    case "F8-shipping":
      return mirrorShippingInputs(desired, "primary");
    default:
      return desiredFailoverInputs(desired, key);
  }
}

/**
 * What `read` shows of a step: the observed inputs and whether it is open. A step that is done shows exactly the desired
 * inputs, since there is nothing that it would change (F1 to F4 where authority is the primary's copy already).
 */
export function sectionOf(observation: Observation, desired: Desired, whole: Plan, key: StepKey): StepSection {
  const step = stepOf(whole, key);
  if (key === "F0") return { inputs: { plan: [] }, step: step.open ? `open: ${step.reason}` : "done" };
  const wanted = desiredInputs(desired, key);
  if (!step.open) return { inputs: wanted, step: "done" };
  const observed = observedInputs(contextOf(observation, desired), key);
  return { inputs: { ...wanted, ...observed }, step: `open: ${step.reason}` };
}

// Members that differ, over the desired ones. F5 replaces all: a member that does not exist must not look desired.
function observedInputs(context: PlanContext, key: StepKey): StepInputs {
  const { shell, backup, desired, backupCopy } = context;
  switch (key) {
    case "F1":
      return { activeServers: shell?.activeServers ?? [] };
    case "F2-chat":
    case "F2-compliance": {
      const name = key === "F2-chat" ? desired.chat : desired.compliance;
      const row = backup === undefined || name === false ? undefined : databaseOf(backup, name);
      const mirroring = row?.mirroring ?? null;
      return mirroring === null ? {} : { partner: mirroring.partnerInstance ?? "a partner" };
    }
    case "F2b":
      return { fence: backupCopy?.isReadOnly === true ? "read-only" : "none" };
    case "F4":
      return restoreInputs(context);
    case "F5":
      return observedLogShipping(context);
    case "F6": {
      // As F1 will leave it: an `up` that is bound to the preview must not find another list.
      const projected = context.wayHome ? [] : (shell?.activeServers ?? []);
      return sameList(projected, desired.activeServers) ? {} : { activeServers: projected };
    }
    case "F7":
      return { poolState: poolStateStep(context).now };
    case "F7b":
      return observedChatService(context, "primary");
    case "F8-chat":
      return observedMirror(context, "primary", "chat", context.renewsPrimary);
    case "F8-compliance":
      return observedMirror(context, "primary", "compliance", false);
    case "F8-leftovers":
      return observedLeftovers(context, "backup");
    case "F8-shipping":
      return observedMirrorShipping(context, "primary");
    case "F0":
    case "F3":
      return {};
    default:
      return observedFailoverInputs(context, key);
  }
}

function restoreInputs(context: PlanContext): StepInputs {
  const copy = context.primaryCopy;
  const state =
    copy === undefined
      ? "absent"
      : copy.state === "ONLINE"
        ? `ONLINE, ${copy.isReadOnly ? "read-only" : "read-write"}`
        : copy.state;
  return { source: context.broughtHome ? context.desired.pool.backup.principal.server : "none", state };
}

/** True for a value with members. */
export function isSection(value: InputValue | undefined): value is { readonly [key: string]: InputValue } {
  return typeof value === "object" && !Array.isArray(value);
}
