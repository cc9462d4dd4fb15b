import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link ActiveServers}. */
export interface ActiveServersArgs extends PoolArgs {
  /** FQDNs. */
  readonly activeServers: readonly string[];
}

/**
 * F6: the active servers of the pool, as a set: those of the site that is at home.
 */
export class ActiveServers extends PoolResource {
  declare readonly activeServers: pulumi.Output<string[]>;

  constructor(name: string, args: ActiveServersArgs, options: pulumi.CustomResourceOptions) {
    super("ActiveServers", name, args, [], options);
  }
}
