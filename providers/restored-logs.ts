import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link RestoredLogs}. */
export interface RestoredLogsArgs extends PoolArgs {
  /** @@SERVERNAME. */
  readonly instance: string;
  readonly database: string;
  /** Always "none". */
  readonly remaining: string;
}

/**
 * O3 (with O2): every log set of the primary that can be found is applied to the backup's copy, by its header and in the
 * order of LSNs.
 */
export class RestoredLogs extends PoolResource {
  declare readonly remaining: pulumi.Output<string>;

  constructor(name: string, args: RestoredLogsArgs, options: pulumi.CustomResourceOptions) {
    super("RestoredLogs", name, args, [], options);
  }
}
