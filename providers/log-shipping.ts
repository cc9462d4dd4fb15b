import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link LogShipping}. */
export interface LogShippingArgs extends PoolArgs {
  /** Registration on the primary, with its backup job; minutes throughout. */
  readonly primary: { readonly [property: string]: pulumi.Input<unknown> };
  /** Registration on the backup, with its copy and restore jobs. */
  readonly secondary: { readonly [property: string]: pulumi.Input<unknown> };
}

/**
 * F5: the primary ships its log to the backup; every parameter, job and schedule on both instances. Drift of one of them is
 * mended alone.
 */
export class LogShipping extends PoolResource {
  declare readonly primary: pulumi.Output<{ [property: string]: unknown }>;
  declare readonly secondary: pulumi.Output<{ [property: string]: unknown }>;

  constructor(name: string, args: LogShippingArgs, options: pulumi.CustomResourceOptions) {
    super("LogShipping", name, args, [], options);
  }
}
