/** Install-CsDatabase and Test-CsDatabase, as their reference pages have them, for the databases of Persistent Chat. */
import type { ObjectValue, ParameterMetadata } from "../control-protocol";
import { cellText, firstValue } from "../scenarios/sql-console";
import { CmdletFailure } from "../shell/error-record";
import { databaseTypeParameter, namedDatabases, type PlacedDatabase } from "./database-roles";
import {
  type DatabaseFolders,
  execute,
  estateOf,
  instanceName,
  type ManagedEstate,
  processingFailed,
  reach,
  serverName,
} from "./managed-estate";
import type { Caller } from "./management-store";
import { databaseState } from "./mirror-cmdlets";
import { type Parameters, type StoreCmdlet, texts } from "./store-cmdlet";
import { taskOutput } from "./task-output";

const fqdnParameter = (details: Partial<ParameterMetadata>): ParameterMetadata => ({
  name: "SqlServerFqdn",
  type: "string",
  typeName: "Microsoft.Rtc.Management.Deploy.Fqdn",
  ...details,
});

export const installDatabase: StoreCmdlet = {
  metadata: {
    name: "Install-CsDatabase",
    implementingType: "Microsoft.Rtc.Management.Deployment.InstallDatabaseCmdlet",
    shouldProcess: true,
    asksOnlyWhenTold: true,
    parameters: [
      { name: "CentralManagementDatabase", type: "switch", sets: ["ByCMS"], mandatory: true },
      { name: "ConfiguredDatabases", type: "switch", sets: ["ByConfigured"], mandatory: true },
      databaseTypeParameter({ sets: ["ByDatabase"], mandatory: true }),
      { name: "LocalDatabases", type: "switch", sets: ["ByLocal"], mandatory: true },
      fqdnParameter({ sets: ["ByCMS", "ByConfigured", "ByDatabase"], mandatory: true }),
      { name: "SqlInstanceName", type: "string", sets: ["ByCMS", "ByDatabase"] },
      { name: "ForInstance", type: "string", sets: ["ByConfigured", "ByLocal"] },
      { name: "ForDefaultInstance", type: "switch", sets: ["ByConfigured", "ByLocal"] },
      { name: "ExcludeCollocatedStores", type: "switch", sets: ["ByConfigured"] },
      { name: "Collocated", type: "switch", sets: ["ByCMS", "ByDatabase"] },
      { name: "Backup", type: "switch", sets: ["ByCMS"] },
      { name: "Clean", type: "switch" },
      { name: "Update", type: "switch" },
      { name: "DatabasePaths", type: "string[]" },
      { name: "DatabasePathMap", type: "object", typeName: "System.Collections.Hashtable" },
      { name: "UseDefaultSqlPaths", type: "switch" },
      { name: "GlobalCatalog", type: "string" },
      { name: "GlobalSettingsDomainController", type: "string" },
      { name: "SkipPrepareCheck", type: "switch" },
      { name: "NoReindex", type: "switch" },
      { name: "Force", type: "switch" },
      { name: "Report", type: "string" },
    ],
  },
  async run(store, parameters, caller) {
    const estate = estateOf(store);
    if (parameters["Clean"] === true && parameters["Update"] === true)
      throw processingFailed("Clean and Update cannot be used in the same command.");
    if (parameters["CentralManagementDatabase"] === true || parameters["LocalDatabases"] === true)
      throw processingFailed("This topology has no Central Management or local database to install.");
    for (const database of namedDatabases(store.topology, parameters)) {
      const target = `${database.name} on ${serverName(database.store)}`;
      if (!caller.shouldProcess("Install-CsDatabase", target)) continue;
      await install(estate, database, parameters, caller);
    }
    return [];
  },
};

/** "If this parameter is not included, the cmdlet will not overwrite any existing databases." */
async function install(
  estate: ManagedEstate,
  { type, name, store, pool }: PlacedDatabase,
  parameters: Parameters,
  caller: Caller,
): Promise<void> {
  const host = reach(estate, store);
  if ((await databaseState(host, name, caller)) !== null) {
    if (parameters["Clean"] !== true) return;
    if (parameters["Force"] === true && (await databaseState(host, name, caller)) === "ONLINE")
      await execute(host, caller, `ALTER DATABASE ${name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE;`);
    await execute(host, caller, `DROP DATABASE ${name};`);
  }
  const folders = foldersOf(parameters);
  for (const folder of folders === undefined ? [] : [folders.data, folders.log])
    estate.makeFolder(host.machine, folder);
  await estate.install({ type, name }, host, pool, folders);
}

/** -DatabasePaths: one folder for both, or the log's first and the data's last, as the page says. */
function foldersOf(parameters: Parameters): DatabaseFolders | undefined {
  const folders = texts(parameters, "DatabasePaths").map((path) => path.replace(/\\+$/, ""));
  const [log, data] = [folders[0], folders.at(-1)];
  return log === undefined || data === undefined ? undefined : { data, log };
}

export const testDatabase: StoreCmdlet = {
  metadata: {
    name: "Test-CsDatabase",
    implementingType: "Microsoft.Rtc.Management.Deployment.TestDatabaseCmdlet",
    shouldProcess: true,
    asksOnlyWhenTold: true,
    parameters: [
      { name: "CentralManagementDatabase", type: "switch", sets: ["ByCMS"], mandatory: true },
      { name: "ConfiguredDatabases", type: "switch", sets: ["ByConfigured"], mandatory: true },
      databaseTypeParameter({ sets: ["ByDatabase"], mandatory: true }),
      { name: "LocalService", type: "switch", sets: ["ByLocal"], mandatory: true },
      fqdnParameter({ sets: ["ByCMS", "ByConfigured", "ByDatabase"], mandatory: ["ByConfigured", "ByDatabase"] }),
      { name: "SqlInstanceName", type: "string", sets: ["ByCMS", "ByDatabase"] },
      { name: "Report", type: "string" },
    ],
  },
  async run(store, parameters, caller) {
    const estate = estateOf(store);
    if (parameters["CentralManagementDatabase"] === true)
      throw processingFailed("This topology has no Central Management database on a SQL Server that could be tested.");
    // The management host runs no service that has a database.
    if (parameters["LocalService"] === true) return [];
    const found: ObjectValue[] = [];
    for (const database of namedDatabases(store.topology, parameters, true))
      found.push(await testOne(estate, database, caller));
    return found;
  },
};

/** Connects to a database and tells what it found. Assumed: the properties besides those of every task's output. */
async function testOne(estate: ManagedEstate, database: PlacedDatabase, caller: Caller): Promise<ObjectValue> {
  const { name, store, mirror } = database;
  const started = performance.now();
  let version = "";
  let error = "";
  try {
    const host = reach(estate, store);
    version = cellText(
      firstValue(await execute(host, caller, "SELECT CONVERT(varchar(32), SERVERPROPERTY('ProductVersion'));")),
    );
    await execute(host, caller, `USE ${name}; SELECT COUNT(*) FROM sys.tables;`);
  } catch (failure) {
    if (!(failure instanceof CmdletFailure)) throw failure;
    error = failure.data.message.replace(/^Command execution failed: /, "");
  }
  return taskOutput(store.fqdn, performance.now() - started, error, {
    SqlServerFqdn: store.fqdn,
    SqlInstanceName: instanceName(store),
    MirrorSqlServerFqdn: mirror?.fqdn ?? "",
    MirrorSqlInstanceName: mirror === undefined ? "" : instanceName(mirror),
    DatabaseName: name,
    DataSource: serverName(store),
    SQLServerVersion: version,
    Succeed: error === "",
  });
}
