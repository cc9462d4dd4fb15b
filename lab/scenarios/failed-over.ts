/**
 * Failed over: the pool runs on the backup site, which is mirrored inside itself; the primary site was rebuilt and has
 * empty databases. Built anew, or reached from a running lab by an outage and the steps of "Failing over Persistent Chat
 * Server" (Lync Server 2013).
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installDatabases, installComplianceDatabase } from "./databases";
import {
  CONTENT_DATABASE,
  COMPLIANCE_DATABASE,
  COPY_FOLDER,
  type PlayedEstate,
  type PlayedHost,
  type PlayedPool,
} from "./estate-played";
import { mirrorDatabase } from "./mirroring";
import { fillContentDatabase } from "./rows";
import { text } from "./script-text";
import { ConsoleError, firstValue, runBatches } from "./sql-console";

/** The log backup ends before what is restored already. */
const LOG_TOO_EARLY = 4326;

/** Builds it on new machines; the store was made with pool state FailedOver and the backup site's servers active. */
export async function buildFailedOver(estate: PlayedEstate): Promise<void> {
  for (const pool of estate.pools) {
    const { primary, backup, topology } = pool;
    estate.say(`${topology.fqdn}: installing and filling mgc and mgccomp on ${backup.name}`);
    await installDatabases(backup, pool, estate.chatLogin);
    const content = backup.database(CONTENT_DATABASE);
    if (content === undefined) throw new Error(`${backup.name} has no ${CONTENT_DATABASE} after it was created.`);
    await fillContentDatabase(backup, content, estate.databaseBytes);
    await mirrorBackupSite(estate, pool);
    estate.say(`${topology.fqdn}: installing empty databases on ${primary.name}`);
    await installDatabases(primary, pool, estate.chatLogin);
  }
}

/**
 * Takes a running lab there: the primary site goes down without warning, the backup site takes over, the primary site is
 * rebuilt. What was not shipped at the outage is lost, as it would be.
 * @param keepLogs leaves the log files of the dead primary in share and copy folder, as a careless rebuild does
 */
export async function failOver(estate: PlayedEstate, keepLogs: boolean): Promise<void> {
  for (const pool of estate.pools) {
    const { primary, mirror, backup, topology } = pool;
    estate.say(`${topology.fqdn}: outage of ${primary.name} and ${mirror.name}`);
    await primary.stop();
    await mirror.stop();
    await recoverBackup(estate, pool);
    await estate.cmdlet("Set-CsPersistentChatState", { Identity: `service:${topology.fqdn}`, PoolState: "FailedOver" });
    if (backup.database(COMPLIANCE_DATABASE) === undefined) await installComplianceDatabase(backup, estate.chatLogin);
    await mirrorBackupSite(estate, pool);
    await activateBackupServers(estate, pool);
    if (!keepLogs) removeLogs(estate, pool);
    estate.say(`${topology.fqdn}: rebuilding ${primary.name} and ${mirror.name}`);
    await primary.rebuild();
    await mirror.rebuild();
    await installDatabases(primary, pool, estate.chatLogin);
  }
}

async function activateBackupServers(estate: PlayedEstate, { topology }: PlayedPool): Promise<void> {
  const servers = topology.machines.filter(({ site }) => site === "backup").map(({ fqdn }) => fqdn);
  await estate.cmdlet("Set-CsPersistentChatActiveServer", {
    Identity: `service:${topology.fqdn}`,
    ActiveServers: { table: [["Replace", servers]] },
  });
}

async function mirrorBackupSite(estate: PlayedEstate, pool: PlayedPool): Promise<void> {
  const { backup, backupMirror, topology } = pool;
  estate.say(`${topology.fqdn}: mirroring ${backup.name} to ${backupMirror.name}`);
  for (const database of [CONTENT_DATABASE, COMPLIANCE_DATABASE]) {
    if (await isMirrored(backup, database)) continue;
    // Removing a session leaves a RESTORING copy behind, which must go first (-DropExistingDatabasesOnMirror).
    if (backupMirror.database(database) !== undefined)
      await runBatches(backupMirror.name, () => backupMirror.open(), `DROP DATABASE ${database};`);
    await mirrorDatabase(pool, backup, backupMirror, database);
  }
}

async function isMirrored(host: PlayedHost, database: string): Promise<boolean> {
  const partner = await runBatches(
    host.name,
    () => host.open(),
    `SELECT mirroring_partner_name FROM sys.database_mirroring WHERE database_id = DB_ID(${text(database)});`,
  );
  return firstValue(partner) !== null;
}

/** Steps 1 to 4 of the failover: the secondary leaves log shipping, takes the last logs and is recovered. */
async function recoverBackup(
  estate: PlayedEstate,
  { backup, share, shareDirectory, topology }: PlayedPool,
): Promise<void> {
  const run = async (...batches: string[]): Promise<unknown> =>
    firstValue(await runBatches(backup.name, () => backup.open(), ...batches));
  const state = await run(`SELECT state_desc FROM sys.databases WHERE name = ${text(CONTENT_DATABASE)};`);
  if (state === "ONLINE") return;
  estate.say(`${topology.fqdn}: recovering mgc on ${backup.name}`);
  const registered = await run(
    `SELECT secondary_database FROM msdb.dbo.log_shipping_secondary_databases
WHERE secondary_database = ${text(CONTENT_DATABASE)};`,
  );
  if (registered !== null) await run(`EXEC master.dbo.sp_delete_log_shipping_secondary_database ${CONTENT_DATABASE};`);
  for (const log of logFiles(shareDirectory)) {
    try {
      await run(`RESTORE LOG ${CONTENT_DATABASE} FROM DISK = ${text(`${share}\\${log}`)} WITH NORECOVERY;`);
    } catch (error) {
      // Restored by the restore job before the outage.
      if (!(error instanceof ConsoleError) || error.number !== LOG_TOO_EARLY) throw error;
    }
  }
  await run(`RESTORE DATABASE ${CONTENT_DATABASE} WITH RECOVERY;`);
}

function removeLogs(estate: PlayedEstate, { backup, shareDirectory }: PlayedPool): void {
  for (const directory of [shareDirectory, estate.folder(backup.name, COPY_FOLDER)])
    for (const name of logFiles(directory)) rmSync(join(directory, name));
}

/** Log backups of mgc in a folder, oldest first: their names hold the time. */
function logFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith(`${CONTENT_DATABASE}_`) && name.endsWith(".trn"))
    .sort();
}
