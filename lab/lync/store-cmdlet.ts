/** What a cmdlet of the management store is, and how it reads its bound parameters. */
import type { CmdletMetadata, ObjectValue, WireValue } from "../control-protocol";
import type { Caller, ManagementStore } from "./management-store";

/** Bound and converted parameters; names as in the metadata. */
export type Parameters = Readonly<Record<string, WireValue>>;

export interface StoreCmdlet {
  readonly metadata: CmdletMetadata;
  /** Answers objects for the pipeline. Throws CmdletFailure. */
  run(
    store: ManagementStore,
    parameters: Parameters,
    caller: Caller,
  ): readonly ObjectValue[] | Promise<readonly ObjectValue[]>;
}

/** Text of a parameter, if it was given. */
export function text(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name];
  return typeof value === "string" ? value : undefined;
}

/** Items of a list parameter; none when it was not given. */
export function texts(parameters: Parameters, name: string): string[] {
  const value = parameters[name];
  const items: readonly WireValue[] = Array.isArray(value) ? value : [];
  return items.filter((item) => typeof item === "string");
}
