import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link LogBackupJob}. */
export interface LogBackupJobArgs extends PoolArgs {
  /** @@SERVERNAME. */
  readonly instance: string;
  readonly database: string;
  /** Its name. */
  readonly job: string;
  /** Where the log backups go, as the engine names it. */
  readonly folder: string;
  /** Its schedules in words: one, as wanted. */
  readonly schedules: readonly string[];
  readonly enabled: boolean;
}

/**
 * O8: an Agent job backs up the log of the backup's copy for as long as it serves.
 */
export class LogBackupJob extends PoolResource {
  declare readonly folder: pulumi.Output<string>;

  constructor(name: string, args: LogBackupJobArgs, options: pulumi.CustomResourceOptions) {
    super("LogBackupJob", name, args, [], options);
  }
}
