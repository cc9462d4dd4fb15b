import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link PoolState}. */
export interface PoolStateArgs extends PoolArgs {
  /** "Normal". */
  readonly poolState: string;
}

/**
 * F7: the pool uses the primary site's stores.
 */
export class PoolState extends PoolResource {
  declare readonly poolState: pulumi.Output<string>;

  constructor(name: string, args: PoolStateArgs, options: pulumi.CustomResourceOptions) {
    super("PoolState", name, args, [], options);
  }
}
