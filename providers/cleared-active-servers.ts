import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link ClearedActiveServers}. */
export interface ClearedActiveServersArgs extends PoolArgs {
  /** Always empty. */
  readonly activeServers: readonly string[];
}

/**
 * F1: no server of the pool is active, every machine knows it, and no chat server is left in the backup's databases.
 * Where the chat is at home already there is nothing to clear.
 */
export class ClearedActiveServers extends PoolResource {
  declare readonly activeServers: pulumi.Output<string[]>;

  constructor(name: string, args: ClearedActiveServersArgs, options: pulumi.CustomResourceOptions) {
    super("ClearedActiveServers", name, args, [], options);
  }
}
