import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link Preflight}. */
export interface PreflightArgs extends PoolArgs {
  /** Open steps in stable words. `check` fills it in from the live estate. */
  readonly plan: readonly string[];
}

/**
 * F0: everything that can be checked before the first change. A preview reads; an `up` also probes the folders as the
 * engines and as SQL Server Agent. Its input `plan` binds a saved or strict plan to what was previewed.
 */
export class Preflight extends PoolResource {
  declare readonly plan: pulumi.Output<string[]>;

  constructor(name: string, args: PreflightArgs, options: pulumi.CustomResourceOptions) {
    super("Preflight", name, args, [], options);
  }
}
