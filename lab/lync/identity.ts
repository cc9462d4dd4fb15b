/** XdsIdentity of a Persistent Chat pool in the spellings that Microsoft's pages use, and errors about identities. */
import { type CmdletFailure, failure } from "../shell/error-record";
import type { ManagementStore } from "./management-store";
import type { PoolTopology } from "./topology";

/** `service:<fqdn>`, `service: <fqdn>` (the failback page), `PersistentChatServer:<fqdn>`, `service:PersistentChatServer:<fqdn>`. */
const SPELLING = /^(?:service:\s*(?:PersistentChatServer:\s*)?|PersistentChatServer:\s*)(?<fqdn>[^\s:]+)$/i;

function notFound(identity: string): CmdletFailure {
  return failure(
    "ServiceNotFound",
    "ObjectNotFound",
    "System.Management.Automation.ItemNotFoundException",
    `Cannot find service "${identity}". Verify that the service exists in the topology: Get-CsService -PersistentChatServer lists the identities.`,
    { name: identity, type: "XdsIdentity" },
  );
}

/** The pool that an identity means. Throws: unknown pool, or an identity that is none of a service. */
export function resolvePool(store: ManagementStore, identity: string): PoolTopology {
  const fqdn = SPELLING.exec(identity.trim())?.groups?.["fqdn"];
  if (fqdn === undefined)
    throw failure(
      "CannotConvertArgumentNoMessage",
      "InvalidArgument",
      "System.Management.Automation.ParameterBindingException",
      `Cannot bind parameter 'Identity'. Cannot convert value "${identity}" to type "Microsoft.Rtc.Management.Xds.XdsIdentity". Error: "The identity "${identity}" is not a valid service identity. Write service:<fully qualified domain name of the pool>."`,
    );
  const pool = store.pool(fqdn);
  if (pool === undefined) throw notFound(identity);
  return pool;
}

/** The pool of an identity, or the only one of the topology when there is none. */
export function poolOrOnly(store: ManagementStore, identity: string | undefined): PoolTopology {
  const [first, second] = store.topology.pools;
  // "global" and PChatServerCollection name the organisation's one collection of active servers.
  if (identity !== undefined && !/^(?:global|PChatServerCollection)$/i.test(identity.trim()))
    return resolvePool(store, identity);
  if (first !== undefined && second === undefined) return first;
  throw failure(
    "IdentityRequired",
    "InvalidArgument",
    "System.ArgumentException",
    "More than one Persistent Chat Server pool exists in the topology. Specify one of them with the Identity parameter.",
  );
}
