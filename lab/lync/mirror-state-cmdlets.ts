/** Get-CsDatabaseMirrorState and Invoke-CsDatabaseFailover, as their reference pages have them: a pool's primary and mirror store. */
import type { EnumerationValue, ObjectValue } from "../control-protocol";
import { text as literal } from "../scenarios/script-text";
import { cellText } from "../scenarios/sql-console";
import { CmdletFailure } from "../shell/error-record";
import { chatPool, databaseTypeParameter, poolDatabase, poolDatabases } from "./database-roles";
import { execute, estateOf, type ManagedEstate, processingFailed, reach, serverName } from "./managed-estate";
import type { Caller } from "./management-store";
import { type StoreCmdlet, text, texts } from "./store-cmdlet";
import type { SqlStore, StoreSet } from "./topology";

/** Members of the state's enumeration. Assumed: their numbers. */
const STATES = ["DatabaseInaccessibleOrMirroringNotEnabled", "Principal", "Mirror"] as const;

function stateMember(name: (typeof STATES)[number]): EnumerationValue {
  return {
    enumeration: "Microsoft.Rtc.Management.Deployment.DatabaseMirrorState+MirrorRole",
    name,
    value: STATES.indexOf(name),
  };
}

/** One partner's view of a database: its role and the session's state; null where it cannot be asked, or is not mirrored. */
async function partnerView(
  estate: ManagedEstate,
  store: SqlStore | undefined,
  database: string,
  caller: Caller,
): Promise<{ readonly role: "Principal" | "Mirror"; readonly status: string } | null> {
  if (store === undefined) return null;
  try {
    const results = await execute(
      reach(estate, store),
      caller,
      `SELECT mirroring_role_desc, mirroring_state_desc FROM sys.database_mirroring
WHERE database_id = DB_ID(${literal(database)}) AND mirroring_guid IS NOT NULL;`,
    );
    const row = results[0]?.rows[0];
    if (row === undefined) return null;
    return { role: row[0] === "PRINCIPAL" ? "Principal" : "Mirror", status: cellText(row[1]).toLowerCase() };
  } catch (error) {
    if (error instanceof CmdletFailure) return null;
    throw error;
  }
}

async function stateObject(
  estate: ManagedEstate,
  name: string,
  stores: StoreSet,
  caller: Caller,
): Promise<ObjectValue> {
  const primary = await partnerView(estate, stores.primary, name, caller);
  const mirror = await partnerView(estate, stores.mirror, name, caller);
  return {
    type: "Microsoft.Rtc.Management.Deployment.DatabaseMirrorState",
    properties: {
      DatabaseName: name,
      StateOnPrimary: stateMember(primary?.role ?? "DatabaseInaccessibleOrMirroringNotEnabled"),
      StateOnMirror: stateMember(mirror?.role ?? "DatabaseInaccessibleOrMirroringNotEnabled"),
      MirroringStatusOnPrimary: primary?.status ?? "",
      // The page calls it …OnSecondary; scripts in use read …OnMirror.
      MirroringStatusOnMirror: mirror?.status ?? "",
    },
  };
}

export const getMirrorState: StoreCmdlet = {
  metadata: {
    name: "Get-CsDatabaseMirrorState",
    implementingType: "Microsoft.Rtc.Management.Deployment.GetDatabaseMirrorStateCmdlet",
    parameters: [
      { name: "PoolFqdn", type: "string", mandatory: true, typeName: "Microsoft.Rtc.Management.Deploy.Fqdn" },
      databaseTypeParameter(),
      { name: "LocalStore", type: "switch" },
      { name: "Report", type: "string" },
    ],
  },
  async run(store, parameters, caller) {
    const estate = estateOf(store);
    const fqdn = text(parameters, "PoolFqdn") ?? "";
    const type = text(parameters, "DatabaseType");
    const wanted =
      type === undefined ? poolDatabases(chatPool(store.topology, fqdn)) : [poolDatabase(store.topology, fqdn, type)];
    const found: ObjectValue[] = [];
    for (const { name, stores } of wanted) found.push(await stateObject(estate, name, stores, caller));
    return found;
  },
};

export const invokeFailover: StoreCmdlet = {
  metadata: {
    name: "Invoke-CsDatabaseFailover",
    implementingType: "Microsoft.Rtc.Management.Deployment.InvokeDatabaseFailoverCmdlet",
    shouldProcess: true,
    parameters: [
      { name: "PoolFqdn", type: "string", mandatory: true, typeName: "Microsoft.Rtc.Management.Deploy.Fqdn" },
      databaseTypeParameter({ mandatory: true }),
      {
        name: "NewPrincipal",
        type: "string",
        typeName: "Microsoft.Rtc.Management.Deployment.MirrorRole",
        values: ["Primary", "Mirror"],
        mandatory: true,
      },
      { name: "ExcludeDatabaseList", type: "string[]" },
      { name: "Force", type: "switch" },
      { name: "LocalStore", type: "switch" },
      { name: "Report", type: "string" },
    ],
  },
  async run(store, parameters, caller) {
    const estate = estateOf(store);
    const fqdn = text(parameters, "PoolFqdn") ?? "";
    const { name, stores, type } = poolDatabase(store.topology, fqdn, text(parameters, "DatabaseType") ?? "");
    if (texts(parameters, "ExcludeDatabaseList").some((one) => one.toLowerCase() === name)) return [];
    if (stores.mirror === undefined)
      throw processingFailed(
        `Pool "${fqdn}" has no mirror for ${type} in the topology: there is nothing to fail over to.`,
      );
    const toMirror = text(parameters, "NewPrincipal")?.toLowerCase() === "mirror";
    const [from, to] = toMirror ? [stores.primary, stores.mirror] : [stores.mirror, stores.primary];
    await failOver(estate, { name, from, to, force: parameters["Force"] === true }, caller);
    return [];
  },
};

interface RoleChange {
  readonly name: string;
  readonly from: SqlStore;
  readonly to: SqlStore;
  /** Take over with loss of data where the present principal does not answer. */
  readonly force: boolean;
}

/** A manual failover on the principal, or with -Force and a dead principal a forced one on the mirror. */
async function failOver(estate: ManagedEstate, { name, from, to, force }: RoleChange, caller: Caller): Promise<void> {
  const [present, wanted] = [
    await partnerView(estate, from, name, caller),
    await partnerView(estate, to, name, caller),
  ];
  if (wanted?.role === "Principal") return;
  if (present === null && wanted === null)
    throw processingFailed(
      `Database "${name}" is not mirrored between "${serverName(from)}" and "${serverName(to)}", or neither can be accessed.`,
    );
  if (present !== null) {
    if (caller.shouldProcess("Invoke-CsDatabaseFailover", `${name} from ${serverName(from)} to ${serverName(to)}`))
      await execute(reach(estate, from), caller, `ALTER DATABASE ${name} SET PARTNER FAILOVER;`);
    return;
  }
  if (!force)
    throw processingFailed(
      `Database "${name}" on its principal "${serverName(from)}" is not accessible. Use Force to make "${serverName(to)}" the principal with a possible loss of data.`,
    );
  if (caller.shouldProcess("Invoke-CsDatabaseFailover", `${name} on ${serverName(to)}, with possible loss of data`))
    await execute(reach(estate, to), caller, `ALTER DATABASE ${name} SET PARTNER FORCE_SERVICE_ALLOW_DATA_LOSS;`);
}
