import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link TailLogBackup}. */
export interface TailLogBackupArgs extends PoolArgs {
  /** @@SERVERNAME. */
  readonly instance: string;
  readonly database: string;
  /** Folder below log shipping's share, as a UNC path. */
  readonly folder: string;
  /** Always "closed". */
  readonly state: string;
}

/**
 * P3: the primary's copy is closed by its tail-log backup: nothing is left behind, and it can follow the backup's log.
 * Left out in a disaster, with the reason.
 */
export class TailLogBackup extends PoolResource {
  declare readonly state: pulumi.Output<string>;

  constructor(name: string, args: TailLogBackupArgs, options: pulumi.CustomResourceOptions) {
    super("TailLogBackup", name, args, [], options);
  }
}
