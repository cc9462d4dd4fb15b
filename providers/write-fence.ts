import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link WriteFence}. */
export interface WriteFenceArgs extends PoolArgs {
  readonly instance: string;
  readonly database: string;
  /** Always "read-only". */
  readonly fence: string;
}

/**
 * F2b: the backup's copy is read-only, so that nothing can be written after the backup of F3 was taken.
 */
export class WriteFence extends PoolResource {
  declare readonly fence: pulumi.Output<string>;

  constructor(name: string, args: WriteFenceArgs, options: pulumi.CustomResourceOptions) {
    super("WriteFence", name, args, [], options);
  }
}
