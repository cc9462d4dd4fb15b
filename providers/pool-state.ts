import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link PoolState}. */
export interface PoolStateArgs extends PoolArgs {
  /** "Normal". */
  readonly poolState: string;
}

/**
 * F7: the pool uses the primary site's stores. The last step, so the outputs of the whole failback are its own.
 */
export class PoolState extends PoolResource {
  declare readonly poolState: pulumi.Output<string>;
  /** "primary", "backup" or "unclear": which copy of the chat database is the truth. */
  declare readonly authority: pulumi.Output<string>;
  /** The active servers as they were read back. */
  declare readonly activeServers: pulumi.Output<string[]>;
  /** backup_set_uuid of the set that the primary was restored from; empty where it never was. */
  declare readonly backupSetId: pulumi.Output<string>;
  /** File of that set. */
  declare readonly backupFile: pulumi.Output<string>;
  /** Path of the run's report; empty where a run changed nothing. */
  declare readonly report: pulumi.Output<string>;

  constructor(name: string, args: PoolStateArgs, options: pulumi.CustomResourceOptions) {
    super("PoolState", name, args, ["authority", "activeServers", "backupSetId", "backupFile", "report"], options);
  }
}
