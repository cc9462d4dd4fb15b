import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link DatabaseRestore}. */
export interface DatabaseRestoreArgs extends PoolArgs {
  readonly instance: string;
  readonly database: string;
  /** @@SERVERNAME of the instance whose copy came home. */
  readonly source: string;
  /** Always "ONLINE, read-write". */
  readonly state: string;
  readonly compare: "level1" | "full";
}

/**
 * F4: the backup's set restored over the primary's copy, compared with the backup's, then opened for everybody.
 */
export class DatabaseRestore extends PoolResource {
  declare readonly state: pulumi.Output<string>;

  constructor(name: string, args: DatabaseRestoreArgs, options: pulumi.CustomResourceOptions) {
    super("DatabaseRestore", name, args, [], options);
  }
}
