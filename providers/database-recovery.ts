import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link DatabaseRecovery}. */
export interface DatabaseRecoveryArgs extends PoolArgs {
  /** @@SERVERNAME. */
  readonly instance: string;
  readonly database: string;
  /** Always "ONLINE, read-write". */
  readonly state: string;
}

/**
 * O4: the backup's copy is open for everybody. Its recovery is the point of no return of a failover.
 */
export class DatabaseRecovery extends PoolResource {
  declare readonly state: pulumi.Output<string>;

  constructor(name: string, args: DatabaseRecoveryArgs, options: pulumi.CustomResourceOptions) {
    super("DatabaseRecovery", name, args, [], options);
  }
}
