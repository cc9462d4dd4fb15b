import type * as pulumi from "@pulumi/pulumi";
import { type PoolArgs, PoolResource } from "./resource";

/** Inputs of {@link DroppedMirrorCopies}. */
export interface DroppedMirrorCopiesArgs extends PoolArgs {
  /** @@SERVERNAME of the mirror of the site that the chat has left. */
  readonly instance: string;
  /** Always empty. */
  readonly leftovers: readonly string[];
}

/**
 * F8: the RESTORING copies that the former mirror kept are gone. Only those of which nothing is lost: what they hold is in
 * the copies that serve.
 */
export class DroppedMirrorCopies extends PoolResource {
  declare readonly leftovers: pulumi.Output<string[]>;

  constructor(name: string, args: DroppedMirrorCopiesArgs, options: pulumi.CustomResourceOptions) {
    super("DroppedMirrorCopies", name, args, [], options);
  }
}
