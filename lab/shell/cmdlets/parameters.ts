/** Shorthand for the parameter tables of the built-in cmdlets. */
import type { ParameterMetadata, ParameterType } from "../../control-protocol";

type Details = Omit<ParameterMetadata, "name" | "type">;

/** A parameter without particulars unless `details` gives them. */
export function parameter(name: string, type: ParameterType, details: Details = {}): ParameterMetadata {
  return { name, type, ...details };
}

/** The usual -InputObject: one value, from the pipeline. */
export const inputObject: ParameterMetadata = { name: "InputObject", type: "object", pipeline: "value" };
