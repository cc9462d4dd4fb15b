/**
 * Failed over: the pool runs on the backup site, which is mirrored inside itself; the primary site was rebuilt and has
 * empty databases. Built anew, or reached from a running lab by an outage, the steps of "Failing over Persistent Chat
 * Server" (Lync Server 2013) as a DBA does them by hand, and a rebuild.
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installDatabase } from "./databases";
import { databasesOf, type PlayedEstate, type PlayedHost, type PlayedPool } from "./estate-played";
import { mirrorDatabase } from "./mirroring";
import { fillContentDatabase } from "./rows";
import { text } from "./script-text";
import { ConsoleError, firstValue, runBatches } from "./sql-console";

/** The log backup ends before what is restored already. */
const LOG_TOO_EARLY = 4326;

/** Builds it on new machines; the store was made with pool state FailedOver and the backup site's servers active. */
export async function buildFailedOver(estate: PlayedEstate): Promise<void> {
  for (const pool of estate.pools) {
    const { primary, backup } = pool.content;
    const { fqdn } = pool.topology;
    estate.say(`${fqdn}: installing and filling its databases on ${backup.name}`);
    for (const database of databasesOf(pool))
      await installDatabase(database, database.stores.backup, pool.topology, estate.chatLogin);
    await fillContentDatabase(backup, pool.topology, estate.databaseBytes);
    await mirrorBackupSite(estate, pool);
    estate.say(`${fqdn}: installing empty databases on ${primary.name}`);
    for (const database of databasesOf(pool))
      await installDatabase(database, database.stores.primary, pool.topology, estate.chatLogin);
  }
}

/**
 * Fails a pool over whose primary site is down: the backup leaves log shipping, takes the last logs of the share, is
 * recovered, mirrored and made active. What was not shipped is lost, as it would be.
 */
export async function failOver(estate: PlayedEstate, pool: PlayedPool): Promise<void> {
  const { fqdn } = pool.topology;
  await recoverBackup(estate, pool);
  await estate.cmdlet("Set-CsPersistentChatState", { Identity: `service:${fqdn}`, PoolState: "FailedOver" });
  for (const database of databasesOf(pool))
    if (database.stores.backup.database(database.name) === undefined)
      await installDatabase(database, database.stores.backup, pool.topology, estate.chatLogin);
  await mirrorBackupSite(estate, pool);
  await estate.cmdlet("Set-CsPersistentChatActiveServer", {
    Identity: `service:${fqdn}`,
    ActiveServers: { table: [["Replace", pool.topology.siteServers.backup]] },
  });
}

/** Deletes the dead primary's log backups from share and copy folder, as a careful rebuild does. */
export function removeLogs(estate: PlayedEstate, { content: { backup }, shareDirectory, topology }: PlayedPool): void {
  for (const directory of [shareDirectory, estate.folder(backup.machine, topology.copyFolder)])
    for (const name of logFiles(directory, topology.databases.content)) rmSync(join(directory, name));
}

async function mirrorBackupSite(estate: PlayedEstate, pool: PlayedPool): Promise<void> {
  if (!estate.shareAnswers(pool.topology.share)) {
    estate.say(`${pool.topology.fqdn}: no mirror of the backup site, since ${pool.topology.share} does not answer`);
    return;
  }
  for (const { name: database, stores } of databasesOf(pool)) {
    const { backup, backupMirror } = stores;
    if (backupMirror === undefined || (await isMirrored(backup, database))) continue;
    estate.say(`${pool.topology.fqdn}: mirroring ${database} of ${backup.name} to ${backupMirror.name}`);
    await mirrorDatabase(estate, pool, database, backup);
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
async function recoverBackup(estate: PlayedEstate, { content, shareDirectory, topology }: PlayedPool): Promise<void> {
  const { backup } = content;
  const { share, copyFolder, databases } = topology;
  const database = databases.content;
  const run = async (...batches: string[]): Promise<unknown> =>
    firstValue(await runBatches(backup.name, () => backup.open(), ...batches));
  const state = await run(`SELECT state_desc FROM sys.databases WHERE name = ${text(database)};`);
  if (state === "ONLINE") return;
  estate.say(`${topology.fqdn}: recovering ${database} on ${backup.name}`);
  const registered = await run(
    `SELECT secondary_database FROM msdb.dbo.log_shipping_secondary_databases
WHERE secondary_database = ${text(database)};`,
  );
  if (registered !== null) await run(`EXEC master.dbo.sp_delete_log_shipping_secondary_database ${database};`);
  // Where the share went down with the site, what the copy job brought over in time is all there is.
  const [folder, directory] = estate.shareAnswers(share)
    ? [share, shareDirectory]
    : [copyFolder, estate.folder(backup.machine, copyFolder)];
  for (const log of logFiles(directory, database)) {
    try {
      await run(`RESTORE LOG ${database} FROM DISK = ${text(`${folder}\\${log}`)} WITH NORECOVERY;`);
    } catch (error) {
      // Restored by the restore job before the outage.
      if (!(error instanceof ConsoleError) || error.number !== LOG_TOO_EARLY) throw error;
    }
  }
  await run(`RESTORE DATABASE ${database} WITH RECOVERY;`);
}

/** Log backups of a database in a folder, oldest first: their names hold the time. */
function logFiles(directory: string, database: string): string[] {
  const form = new RegExp(`^${database}_\\d{14}\\.trn$`, "i");
  return readdirSync(directory)
    .filter((name) => form.test(name))
    .sort();
}
