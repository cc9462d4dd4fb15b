import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link DatabaseBackup}. */
export interface DatabaseBackupArgs extends PoolArgs {
  readonly instance: string;
  readonly database: string;
  /** Folder below log shipping's share, as a UNC path. */
  readonly folder: string;
  /** NAME of the backup set, at most 128 characters. */
  readonly name: string;
  /** DESCRIPTION of the backup set, at most 255 characters. */
  readonly description?: string;
  readonly copyOnly: boolean;
  readonly compression: "default" | "on" | "off";
}

/**
 * F3: a full backup set of the fenced copy in a file of its own, with checksums, verified by the primary's engine.
 */
export class DatabaseBackup extends PoolResource {
  /** backup_set_uuid of the set that came home, or that will; empty while there is none. */
  declare readonly backupSetId: pulumi.Output<string>;
  /** Its file as a UNC path. */
  declare readonly file: pulumi.Output<string>;

  constructor(name: string, args: DatabaseBackupArgs, options: pulumi.CustomResourceOptions) {
    super("DatabaseBackup", name, args, ["backupSetId", "file"], options);
  }
}
