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

/**
 * The URN that the engine will give the resource (Pulumi's "Resource URNs"); built by hand, because `pulumi.createUrn` of
 * a parent under construction waits for its children.
 */
function urnOf(type: string, name: string, parent: pulumi.Resource | undefined): string {
  const qualified =
    parent === undefined ? type : `${(parent as unknown as { readonly __pulumiType: string }).__pulumiType}$${type}`;
  return `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${qualified}::${name}`;
}
