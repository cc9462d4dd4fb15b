/**
 * Install-CsMirrorDatabase and Uninstall-CsMirrorDatabase: their reference pages, and "Deploying SQL mirroring for Back End
 * Server high availability" (Lync Server 2013). They act on the instances with T-SQL of their own.
 */
import type { WireValue } from "../control-protocol";
import type { PlayedHost } from "../scenarios/estate-played";
import { text as literal } from "../scenarios/script-text";
import { cellText, firstValue } from "../scenarios/sql-console";
import type { Row } from "../tsql/values";
import { databaseTypeParameter, namedDatabases, type PlacedDatabase } from "./database-roles";
import { execute, estateOf, type ManagedEstate, processingFailed, reach, serverName } from "./managed-estate";
import type { Caller } from "./management-store";
import { type Parameters, type StoreCmdlet, text } from "./store-cmdlet";
import { MIRRORING_PORT, type SqlStore } from "./topology";

const UNC = /^\\\\[^\\/:*?"<>|]+\\[^\\/:*?"<>|]+/;

/** A file of the database and where the mirror gets it. */
interface MirrorFile {
  readonly logicalName: string;
  readonly isLog: boolean;
  readonly path: string;
}

/** What is to be done for one database. */
interface MirrorPlan {
  readonly database: PlacedDatabase;
  readonly mirrorStore: SqlStore;
  readonly primary: PlayedHost;
  readonly mirror: PlayedHost;
  readonly files: readonly MirrorFile[];
  /** The backup file's path without its ending. */
  readonly stem: string;
}

interface MirrorOptions {
  /** -DropExistingDatabasesOnMirror */
  readonly drop: boolean;
  /** Port that the topology proposes for a server's endpoint. */
  readonly port: (store: SqlStore) => number;
}

export const installMirror: StoreCmdlet = {
  metadata: {
    name: "Install-CsMirrorDatabase",
    implementingType: "Microsoft.Rtc.Management.Deployment.InstallMirrorDatabaseCmdlet",
    shouldProcess: true,
    parameters: [
      { name: "ConfiguredDatabases", type: "switch", sets: ["ByConfigured"], mandatory: true },
      databaseTypeParameter({ sets: ["ByDatabase"], mandatory: true }),
      { name: "FileShare", type: "string", mandatory: true },
      { name: "SqlServerFqdn", type: "string", mandatory: true, typeName: "Microsoft.Rtc.Management.Deploy.Fqdn" },
      { name: "SqlInstanceName", type: "string", sets: ["ByDatabase"] },
      { name: "ForInstance", type: "string", sets: ["ByConfigured"] },
      { name: "ForDefaultInstance", type: "switch", sets: ["ByConfigured"] },
      { name: "DatabasePathMap", type: "object", typeName: "System.Collections.Hashtable" },
      { name: "DropExistingDatabasesOnMirror", type: "switch" },
      { name: "ExcludeDatabaseList", type: "string[]" },
      { name: "Report", type: "string" },
    ],
  },
  async run(store, parameters, caller) {
    const estate = estateOf(store);
    const share = (text(parameters, "FileShare") ?? "").replace(/\\+$/, "");
    if (!UNC.test(share))
      throw processingFailed(`The file share "${share}" is not a UNC path. Write \\\\server\\share.`);
    const named = namedDatabases(store.topology, parameters);
    const mirrored = named.filter(({ mirror }) => mirror !== undefined);
    const plans: MirrorPlan[] = [];
    for (const database of mirrored.length > 0 ? mirrored : named)
      plans.push(await planOf(estate, database, share, parameters["DatabasePathMap"] ?? null, caller));
    const servers = [...new Set(plans.map(({ database }) => serverName(database.store)))].join(", ");
    if (!caller.shouldProcess("Install-CsMirrorDatabase", servers, plans.map(describe).join("\r\n"))) return [];
    const drop = parameters["DropExistingDatabasesOnMirror"] === true;
    const port = ({ instance }: SqlStore): number =>
      store.topology.servers.find((server) => server.instance === instance)?.mirroringPort ?? MIRRORING_PORT;
    for (const plan of plans) await establish(estate, plan, { drop, port }, caller);
    return [];
  },
};

async function planOf(
  estate: ManagedEstate,
  database: PlacedDatabase,
  share: string,
  pathMap: WireValue,
  caller: Caller,
): Promise<MirrorPlan> {
  const { name, store, mirror: mirrorStore, type } = database;
  if (mirrorStore === undefined)
    throw processingFailed(
      `SQL Server "${serverName(store)}" has no mirror for ${type} in the topology. Define one in Topology Builder and publish.`,
    );
  const [primary, mirror] = [reach(estate, store), reach(estate, mirrorStore)];
  const state = await databaseState(primary, name, caller);
  if (state !== "ONLINE")
    throw processingFailed(
      `Database "${name}" on SQL Server "${serverName(store)}" ${state === null ? "does not exist" : `is ${state}`}; it must be online to be mirrored.`,
    );
  const results = await execute(
    primary,
    caller,
    `SELECT f.name, f.type_desc, f.physical_name FROM sys.master_files AS f
WHERE f.database_id = DB_ID(${literal(name)}) ORDER BY f.file_id;`,
  );
  const files = (results[0]?.rows ?? []).map(([logicalName, kind, physicalName]) => {
    const isLog = kind === "LOG";
    const folder = mappedFolder(pathMap, `${type}:${isLog ? "LogPath" : "DbPath"}`);
    const present = cellText(physicalName);
    const leaf = present.slice(present.lastIndexOf("\\") + 1);
    return {
      logicalName: cellText(logicalName),
      isLog,
      path: folder === undefined ? present : `${folder.replace(/\\+$/, "")}\\${leaf}`,
    };
  });
  return {
    database,
    mirrorStore,
    primary,
    mirror,
    files,
    stem: `${share}\\${name}_${primary.name.replace("\\", "_")}`,
  };
}

/** An entry of -DatabasePathMap; keys compare without case. */
function mappedFolder(map: WireValue, key: string): string | undefined {
  if (typeof map !== "object" || map === null || !("table" in map)) return undefined;
  const value = map.table.find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
  return typeof value === "string" ? value : undefined;
}

/** What the prompt shows of a database (the example of "Deploying SQL mirroring …"). */
function describe({ database: { name, store }, mirrorStore, files }: MirrorPlan): string {
  return [
    `Database Name:${name}`,
    `        Data File:${files.find(({ isLog }) => !isLog)?.path ?? ""}`,
    `         Log File:${files.find(({ isLog }) => isLog)?.path ?? ""}`,
    `      Primary SQL: ${serverName(store)}`,
    `       Mirror SQL: ${serverName(mirrorStore)}`,
  ].join("\r\n");
}

/**
 * Backup to the share, restore on the mirror, endpoints, partners. What fails leaves what was done before it, as the
 * statements would.
 */
async function establish(
  estate: ManagedEstate,
  plan: MirrorPlan,
  { drop, port }: MirrorOptions,
  caller: Caller,
): Promise<void> {
  const { primary, mirror, files, stem, mirrorStore } = plan;
  const { name, store } = plan.database;
  if (await isMirrored(primary, name, caller))
    throw processingFailed(`Database "${name}" on SQL Server "${serverName(store)}" is mirrored already.`);
  if ((await databaseState(mirror, name, caller)) !== null) {
    if (!drop)
      throw processingFailed(
        `Database "${name}" already exists on the mirror SQL Server "${serverName(mirrorStore)}". Use DropExistingDatabasesOnMirror to delete it first.`,
      );
    await dropDatabase(mirror, name, caller);
  }
  // "With SQL mirroring, database recovery mode is always set to Full."
  await execute(
    primary,
    caller,
    `IF EXISTS (SELECT 1 FROM sys.databases WHERE name = ${literal(name)} AND recovery_model <> 1)
  ALTER DATABASE ${name} SET RECOVERY FULL;`,
  );
  const [full, log] = [literal(`${stem}.bak`), literal(`${stem}.trn`)];
  await execute(
    primary,
    caller,
    `BACKUP DATABASE ${name} TO DISK = ${full} WITH FORMAT, INIT, CHECKSUM;`,
    `BACKUP LOG ${name} TO DISK = ${log} WITH FORMAT, INIT, CHECKSUM;`,
  );
  for (const { path } of files) estate.makeFolder(mirror.machine, path.slice(0, path.lastIndexOf("\\")));
  const moves = files.map(({ logicalName, path }) => `, MOVE ${literal(logicalName)} TO ${literal(path)}`).join("");
  await execute(
    mirror,
    caller,
    `RESTORE DATABASE ${name} FROM DISK = ${full} WITH NORECOVERY${moves};`,
    `RESTORE LOG ${name} FROM DISK = ${log} WITH NORECOVERY;`,
  );
  const [primaryAddress, mirrorAddress] = [
    await endpointOf(primary, store, port(store), caller),
    await endpointOf(mirror, mirrorStore, port(mirrorStore), caller),
  ];
  // The mirror first: the principal's statement opens the session (1418 otherwise).
  await execute(mirror, caller, `ALTER DATABASE ${name} SET PARTNER = ${literal(primaryAddress)};`);
  await execute(primary, caller, `ALTER DATABASE ${name} SET PARTNER = ${literal(mirrorAddress)};`);
}

/** Address of the instance's endpoint, which is made or started where needed: "If a mirroring endpoint already exists, it will be reused". */
async function endpointOf(host: PlayedHost, { fqdn }: SqlStore, topologyPort: number, caller: Caller): Promise<string> {
  const find = async (): Promise<Row | undefined> =>
    (
      await execute(
        host,
        caller,
        `SELECT e.name, e.state_desc, t.port FROM sys.database_mirroring_endpoints AS e
JOIN sys.tcp_endpoints AS t ON t.endpoint_id = e.endpoint_id;`,
      )
    )[0]?.rows[0];
  let found = await find();
  if (found === undefined)
    await execute(
      host,
      caller,
      `CREATE ENDPOINT mirroring_endpoint STATE = STARTED AS TCP (LISTENER_PORT = ${String(topologyPort)})
FOR DATABASE_MIRRORING (ROLE = PARTNER);`,
    );
  else if (found[1] !== "STARTED")
    await execute(host, caller, `ALTER ENDPOINT [${cellText(found[0]).replaceAll("]", "]]")}] STATE = STARTED;`);
  found = await find();
  return `TCP://${fqdn}:${cellText(found?.[2])}`;
}

/** state_desc of a database; null when there is none. */
export async function databaseState(host: PlayedHost, name: string, caller: Caller): Promise<string | null> {
  const results = await execute(host, caller, `SELECT state_desc FROM sys.databases WHERE name = ${literal(name)};`);
  return firstValue(results) as string | null;
}

async function isMirrored(host: PlayedHost, name: string, caller: Caller): Promise<boolean> {
  const query = `SELECT COUNT(*) FROM sys.database_mirroring WHERE database_id = DB_ID(${literal(name)})
AND mirroring_guid IS NOT NULL;`;
  return Number(firstValue(await execute(host, caller, query))) > 0;
}

async function dropDatabase(host: PlayedHost, name: string, caller: Caller): Promise<void> {
  if (await isMirrored(host, name, caller)) await execute(host, caller, `ALTER DATABASE ${name} SET PARTNER OFF;`);
  await execute(host, caller, `DROP DATABASE ${name};`);
}

export const uninstallMirror: StoreCmdlet = {
  metadata: {
    name: "Uninstall-CsMirrorDatabase",
    implementingType: "Microsoft.Rtc.Management.Deployment.UninstallMirrorDatabaseCmdlet",
    shouldProcess: true,
    parameters: [
      databaseTypeParameter({ mandatory: true }),
      { name: "SqlServerFqdn", type: "string", mandatory: true, typeName: "Microsoft.Rtc.Management.Deploy.Fqdn" },
      { name: "SqlInstanceName", type: "string" },
      { name: "DropExistingDatabasesOnMirror", type: "switch" },
      { name: "Report", type: "string" },
    ],
  },
  async run(store, parameters, caller) {
    const estate = estateOf(store);
    for (const database of namedDatabases(store.topology, parameters, true))
      await remove(estate, database, parameters, caller);
    return [];
  },
};

/** Ends the session from whichever partner answers, and drops the copy on the mirror when told. */
async function remove(
  estate: ManagedEstate,
  { name, store, mirror: mirrorStore }: PlacedDatabase,
  parameters: Parameters,
  caller: Caller,
): Promise<void> {
  const primary = reach(estate, store);
  if (!(await isMirrored(primary, name, caller)))
    throw processingFailed(`Database "${name}" on SQL Server "${serverName(store)}" is not mirrored.`);
  if (!caller.shouldProcess("Uninstall-CsMirrorDatabase", `${name} on ${serverName(store)}`)) return;
  await execute(primary, caller, `ALTER DATABASE ${name} SET PARTNER OFF;`);
  if (parameters["DropExistingDatabasesOnMirror"] !== true || mirrorStore === undefined) return;
  const mirror = reach(estate, mirrorStore);
  if ((await databaseState(mirror, name, caller)) !== null) await dropDatabase(mirror, name, caller);
}
