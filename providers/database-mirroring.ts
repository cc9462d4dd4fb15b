import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link DatabaseMirroring}. */
export interface DatabaseMirroringArgs extends PoolArgs {
  /** @@SERVERNAME of the site's principal. */
  readonly instance: string;
  readonly database: string;
  /** "none", or @@SERVERNAME of the site's mirror. */
  readonly partner: string;
  /** "running" where there is a partner: neither suspended nor missing. */
  readonly session?: string;
}

/**
 * F2, P2: the mirroring session of one database has ended; the mirror keeps its RESTORING copy. F8, O6: the database is
 * mirrored inside the site that serves.
 */
export class DatabaseMirroring extends PoolResource {
  declare readonly partner: pulumi.Output<string>;

  constructor(name: string, args: DatabaseMirroringArgs, options: pulumi.CustomResourceOptions) {
    super("DatabaseMirroring", name, args, [], options);
  }
}
