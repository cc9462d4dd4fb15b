/** Which properties of a resource are observed otherwise than desired. Pure. */
import { isDeepStrictEqual } from "node:util";
import { type InputValue, isSection, type StepInputs } from "../plan-inputs";

/** One property by its path, with both values. */
export interface Difference {
  /** `secondary.copyJob.enabled`. */
  readonly property: string;
  readonly desired: InputValue;
  readonly observed: InputValue;
}

/** The properties that differ, in the order of the desired ones. A section of which nothing is there is one difference. */
export function differences(desired: StepInputs, observed: StepInputs): readonly Difference[] {
  return Object.entries(desired).flatMap(([key, value]) => differing(key, value, observed[key]));
}

function differing(property: string, desired: InputValue, observed: InputValue | undefined): Difference[] {
  if (observed === undefined) return [{ property, desired, observed: "none" }];
  if (isDeepStrictEqual(desired, observed)) return [];
  if (!isSection(desired) || !isSection(observed)) return [{ property, desired, observed }];
  if (Object.keys(observed).length < Object.keys(desired).length) return [{ property, desired, observed }];
  return Object.entries(desired).flatMap(([key, value]) => differing(`${property}.${key}`, value, observed[key]));
}
