import * as pulumi from "@pulumi/pulumi";
import { type Kind, stub } from "./stub";

/** What every resource of a pool is given besides its own inputs. */
export interface PoolArgs {
  /** Name of the pool in the configuration. */
  readonly pool: string;
}

/**
 * Base of the resources: a dynamic resource of type `pulumi-nodejs:dynamic/persistent-chat:<kind>` whose provider is the
 * constant line of stub.ts. It is what pulumi.dynamic.Resource makes, without serializing a closure.
 */
export abstract class PoolResource extends pulumi.CustomResource {
  /** "done", or "open: " and the reason why the estate is not as desired. */
  declare readonly step: pulumi.Output<string>;

  /**
   * @param outputs names of the outputs that are no inputs; those not declared here would be undefined in the program
   */
  constructor(
    kind: Kind,
    name: string,
    args: PoolArgs & pulumi.Inputs,
    outputs: readonly string[],
    options: pulumi.CustomResourceOptions,
  ) {
    const type = `pulumi-nodejs:dynamic/persistent-chat:${kind}`;
    super(
      type,
      name,
      {
        step: undefined,
        ...Object.fromEntries(outputs.map((output) => [output, undefined])),
        ...args,
        // The handlers need both and take them off again in `check`: neither reaches the state.
        run: { urn: urnOf(type, name, options.parent), dryRun: pulumi.runtime.isDryRun() },
        __provider: stub(kind),
      },
      options,
    );
  }
}

/** Names of the outputs of {@link ClosingResource}. */
const closingOutputs = ["authority", "poolState", "activeServers", "backupSetId", "backupFile", "report"];

/** The resource whose outputs are those of the whole: it follows every change, so that they name that run's report. */
export abstract class ClosingResource extends PoolResource {
  /** "primary", "backup" or "unclear": which copy of the chat database is the truth. */
  declare readonly authority: pulumi.Output<string>;
  declare readonly poolState: pulumi.Output<string>;
  /** FQDNs, sorted. */
  declare readonly activeServers: pulumi.Output<string[]>;
  /** backup_set_uuid of the set that the primary was restored from; empty where it never was. */
  declare readonly backupSetId: pulumi.Output<string>;
  /** File of that set. */
  declare readonly backupFile: pulumi.Output<string>;
  /** Path of the run's report; empty where no run has changed anything yet. */
  declare readonly report: pulumi.Output<string>;

  constructor(kind: Kind, name: string, args: PoolArgs & pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    super(kind, name, args, closingOutputs, options);
  }
}

/**
 * The URN that the engine will give the resource (Pulumi's "Resource URNs"); built by hand, because `pulumi.createUrn` of
 * a parent under construction waits for its children.
 */
function urnOf(type: string, name: string, parent: pulumi.Resource | undefined): string {
  const qualified =
    parent === undefined ? type : `${(parent as unknown as { readonly __pulumiType: string }).__pulumiType}$${type}`;
  return `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${qualified}::${name}`;
}
