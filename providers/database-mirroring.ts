import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link DatabaseMirroring}. */
export interface DatabaseMirroringArgs extends PoolArgs {
  /** @@SERVERNAME of the backup's principal. */
  readonly instance: string;
  readonly database: string;
  /** Always "none". */
  readonly partner: string;
}

/**
 * F2: the mirroring session of one database on the backup has ended. The mirror keeps its RESTORING copy.
 */
export class DatabaseMirroring extends PoolResource {
  declare readonly partner: pulumi.Output<string>;

  constructor(name: string, args: DatabaseMirroringArgs, options: pulumi.CustomResourceOptions) {
    super("DatabaseMirroring", name, args, [], options);
  }
}
