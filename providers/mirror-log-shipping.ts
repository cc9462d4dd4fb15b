import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link MirrorLogShipping}. */
export interface MirrorLogShippingArgs extends PoolArgs {
  /** Registration on the mirror, with its backup job, as on the primary; minutes throughout. */
  readonly primary: { readonly [property: string]: pulumi.Input<unknown> };
}

/**
 * F8: log shipping goes on after a failover inside the primary site, since the mirror's instance has the primary's half of it
 * too. It is registered there as documented: the mirror is made the principal for that, and the primary again afterwards.
 */
export class MirrorLogShipping extends PoolResource {
  declare readonly primary: pulumi.Output<{ [property: string]: unknown }>;

  constructor(name: string, args: MirrorLogShippingArgs, options: pulumi.CustomResourceOptions) {
    super("MirrorLogShipping", name, args, [], options);
  }
}
