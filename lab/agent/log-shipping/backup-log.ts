/** sqllogship -backup: a log backup under a name of its own, verified before others can see it as whole. */
import type { PowerShellResult } from "../../shell/run";
import { quoteIdentifier, sqlLiteral } from "../../server/sql-text";
import { waitOn } from "../agent-clock";
import { agentError } from "../agent-errors";
import type { ProgramContext } from "../program-context";
import { numberOf, textOf } from "../row-values";
import { AGENT_TYPE } from "./monitor-log";
import { noteBackup } from "./progress-notes";
import { pathIn, stamp } from "./shipped-files";
import { shippingResult, ShippingRun } from "./shipping-run";

/** WITH … by backup_compression; 2 leaves it to the server. */
const COMPRESSION: Readonly<Record<number, readonly [option: string, text: string]>> = {
  0: [", NO_COMPRESSION", "Disabled"],
  1: [", COMPRESSION", "Enabled"],
};

/** How long a name that is taken is waited for to pass, in milliseconds. */
const NAME_WAIT = 200;

/** Backs up the log of a primary database. Exit code 1 when it failed. */
export async function backupLog(primaryId: string, context: ProgramContext): Promise<PowerShellResult> {
  const { instance } = context;
  const mine = (row: { readonly [column: string]: unknown }): boolean => row["primary_id"] === primaryId;
  const [settings] = instance.msdb.rows("log_shipping_primary_databases", mine);
  const name = settings === undefined ? null : textOf(settings, "primary_database");
  const run = new ShippingRun(context, primaryId, AGENT_TYPE.backup, name);
  const begin = `Starting transaction log backup. Primary ID: '${primaryId.toLowerCase()}'`;
  return shippingResult(run, begin, "TRANSACTION LOG BACKUP", async () => {
    if (settings === undefined || name === null)
      return run.fail(`Could not retrieve backup settings for primary ID '${primaryId.toLowerCase()}'.`);
    const folder = textOf(settings, "backup_directory");
    const retention = numberOf(settings, "backup_retention_period");
    const [option, compression] = COMPRESSION[numberOf(settings, "backup_compression")] ?? ["", "Server Default"];
    await run.log.progress(
      `Retrieved backup settings. Primary Database: '${name}', Backup Directory: '${folder}', Backup Retention Period: ${String(retention)} minute(s), Backup Compression: ${compression}`,
    );
    const database = instance.core.database(name);
    if (database !== undefined && database.state !== "ONLINE") {
      // A mirror is RESTORING: its instance ships when it becomes the principal.
      await run.log.progress(agentError(32008, name).message);
      return;
    }
    const stem = await freeName(run, folder, name);
    const [work, whole] = [pathIn(folder, `${stem}.wrk`), pathIn(folder, `${stem}.trn`)];
    await run.log.progress(`Backing up transaction log. Primary Database: '${name}', Log Backup File: '${whole}'`);
    const device = sqlLiteral(work);
    await run.require(
      `BACKUP LOG ${quoteIdentifier(name)} TO DISK = ${device} WITH NAME = ${sqlLiteral(`${name} transaction log backup`)}, FORMAT, INIT, CHECKSUM${option};`,
    );
    await run.require(`RESTORE VERIFYONLY FROM DISK = ${device} WITH CHECKSUM;`);
    await run.withFiles(whole, (files) => {
      files.move(work, whole);
    });
    await run.log.progress(agentError(32029, primaryId, pathIn(folder, stem), pathIn(folder, stem)).message);
    await instance.msdb.change((writer) => {
      noteBackup(writer, primaryId, whole, run.now());
    });
    const old = (await run.list(folder, name)).filter(
      (file) => file.name.toLowerCase() !== `${stem}.trn`.toLowerCase(),
    );
    await run.deleteOld(folder, old, retention);
    const [monitor] = instance.msdb.rows("log_shipping_monitor_primary", mine);
    if (monitor !== undefined) await run.deleteOldHistory(numberOf(monitor, "history_retention_period"));
  });
}

/** A name by the second that no file has yet: two backups in one second must not write into one file. */
async function freeName(run: ShippingRun, folder: string, database: string): Promise<string> {
  for (;;) {
    const stem = `${database}_${stamp(run.instance.utcTime())}`;
    const taken = await run.withFiles(folder, (files) =>
      ["wrk", "trn"].some((extension) => files.entry(pathIn(folder, `${stem}.${extension}`)) !== undefined),
    );
    if (!taken) return stem;
    await waitOn(run.context.clock, NAME_WAIT, run.context.signal);
  }
}
