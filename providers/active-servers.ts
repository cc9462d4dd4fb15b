import type * as pulumi from "@pulumi/pulumi";
import { ClosingResource, type PoolArgs } from "./resource";

/** Inputs of {@link ActiveServers}. */
export interface ActiveServersArgs extends PoolArgs {
  /** FQDNs. */
  readonly activeServers: readonly string[];
}

/**
 * F6: the active servers of the pool, as a set: those of the site that is at home.
 */
export class ActiveServers extends ClosingResource {
  constructor(name: string, args: ActiveServersArgs, options: pulumi.CustomResourceOptions, closing: boolean) {
    super("ActiveServers", name, args, options, closing);
  }
}
