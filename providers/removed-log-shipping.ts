import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link RemovedLogShipping}. */
export interface RemovedLogShippingArgs extends PoolArgs {
  /** @@SERVERNAME. */
  readonly instance: string;
  readonly database: string;
  /** Always "none". */
  readonly registration: string;
}

/**
 * O1: the backup is no log shipping secondary any more.
 */
export class RemovedLogShipping extends PoolResource {
  declare readonly registration: pulumi.Output<string>;

  constructor(name: string, args: RemovedLogShippingArgs, options: pulumi.CustomResourceOptions) {
    super("RemovedLogShipping", name, args, [], options);
  }
}
