/** mgc and mgccomp as Topology Builder installs them: the databases, their tables, what an empty pool has in them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseFolders } from "../lync/managed-estate";
import type { PoolTopology } from "../lync/topology";
import type { DatabaseType } from "../lync/database-roles";
import type { PlayedHost } from "./estate-played";
import { guidOf, text, ticksOf } from "./script-text";
import { runBatches } from "./sql-console";

/** Node of the root category. */
export const ROOT_NODE = 1;

/** What an installation needs of a host. */
export type InstalledHost = Pick<PlayedHost, "name" | "open" | "defaultFolders">;

/** configPoolID: names the pool, in every copy of its database. */
export function poolIdentifier(pool: PoolTopology): string {
  return guidOf(`pool ${pool.fqdn}`);
}

/** Installs one of the two databases, empty. Throws ConsoleError: 1801 when it is there. */
export function installDatabase(
  { type, name }: { readonly type: DatabaseType; readonly name: string },
  host: InstalledHost,
  pool: PoolTopology,
  chatLogin: string,
  folders: DatabaseFolders = host.defaultFolders,
): Promise<void> {
  const create = [createDatabase(name, folders), `USE ${name};`];
  return type === "PersistentChat"
    ? installContentDatabase(create, host, pool, chatLogin)
    : installComplianceDatabase(create, host, chatLogin);
}

/** mgc without a room or message. */
async function installContentDatabase(
  create: readonly string[],
  host: InstalledHost,
  pool: PoolTopology,
  chatLogin: string,
): Promise<void> {
  const now = String(ticksOf(Date.now()));
  await runBatches(
    host.name,
    () => host.open(),
    ...create,
    schema("schema-mgc.sql"),
    `INSERT dbo.tblConfig (configLabel, configContent, configPoolID) VALUES (N'pool', NULL, '${poolIdentifier(pool)}');
INSERT dbo.tblSystemRevision (sysRevision) VALUES (1);
INSERT dbo.tblNode (nodeID, nodeGuid, parentID, nodeType, nodeName, nodeDesc, invite, logged, filePost, disabled, behavior,
  visibility, siopID, nodeAddedBy, nodeAddedOn, nodeUpdatedBy, nodeUpdatedOn, purgedOn)
VALUES (${String(ROOT_NODE)}, '${guidOf(`root ${pool.fqdn}`)}', ${String(ROOT_NODE)}, 1, N'Root', N'', 0, 1, 1, 0, 4, 6,
  NULL, 1, ${now}, 1, ${now}, NULL);`,
    grantChatServers(chatLogin),
  );
}

/** mgccomp with nothing to process. */
async function installComplianceDatabase(
  create: readonly string[],
  host: InstalledHost,
  chatLogin: string,
): Promise<void> {
  await runBatches(host.name, () => host.open(), ...create, schema("schema-mgccomp.sql"), grantChatServers(chatLogin));
}

function createDatabase(name: string, { data, log }: DatabaseFolders): string {
  return `CREATE DATABASE ${name}
ON PRIMARY (NAME = ${text(name)}, FILENAME = ${text(`${data}\\${name}.mdf`)})
LOG ON (NAME = ${text(`${name}_log`)}, FILENAME = ${text(`${log}\\${name}_log.ldf`)});
ALTER DATABASE ${name} SET RECOVERY FULL;`;
}

function schema(file: string): string {
  return readFileSync(join(__dirname, file), "utf8");
}

// The user travels with a backup and finds its login by sid: the logins have one sid on all instances.
function grantChatServers(login: string): string {
  return `CREATE USER ${login} FOR LOGIN ${login};
EXEC sp_addrolemember N'db_owner', ${text(login)};`;
}
