import type * as pulumi from "@pulumi/pulumi";
import { ClosingResource, type PoolArgs } from "./resource";

/** Inputs of {@link PoolState}. */
export interface PoolStateArgs extends PoolArgs {
  /** "Normal". */
  readonly poolState: string;
}

/**
 * F7: the pool uses the primary site's stores.
 */
export class PoolState extends ClosingResource {
  constructor(name: string, args: PoolStateArgs, options: pulumi.CustomResourceOptions, closing: boolean) {
    super("PoolState", name, args, options, closing);
  }
}
