/** sqllogship -copy: takes the files of the share that are newer, by their names, than the last one it took. */
import type { PowerShellResult } from "../../shell/run";
import type { ProgramContext } from "../program-context";
import { numberOf, optionalText, textOf } from "../row-values";
import { AGENT_TYPE } from "./monitor-log";
import { noteCopy } from "./progress-notes";
import { baseName, pathIn, shippedFile } from "./shipped-files";
import { shippingResult, ShippingRun } from "./shipping-run";

/** Copies the log backup files of a primary to this secondary. Exit code 1 when it failed. */
export async function copyLogs(secondaryId: string, context: ProgramContext): Promise<PowerShellResult> {
  const { instance } = context;
  const mine = (row: { readonly [column: string]: unknown }): boolean => row["secondary_id"] === secondaryId;
  const [settings] = instance.msdb.rows("log_shipping_secondary", mine);
  const database = settings === undefined ? null : textOf(settings, "primary_database");
  const run = new ShippingRun(context, secondaryId, AGENT_TYPE.copy, database);
  const begin = `Starting transaction log copy. Secondary ID: '${secondaryId.toLowerCase()}'`;
  return shippingResult(run, begin, "TRANSACTION LOG COPY", async () => {
    if (settings === undefined || database === null)
      return run.fail(`Could not retrieve copy settings for secondary ID '${secondaryId.toLowerCase()}'.`);
    const source = textOf(settings, "backup_source_directory");
    const destination = textOf(settings, "backup_destination_directory");
    const last = optionalText(settings, "last_copied_file");
    await run.log.progress(
      `Retrieved copy settings. Primary Server: '${textOf(settings, "primary_server")}', Primary Database: '${database}', Backup Source Directory: '${source}', Backup Destination Directory: '${destination}', Last Copied File: '${last ?? "<None>"}'`,
    );
    // A new registration has copied nothing: it takes every file that is there.
    const after = shippedFile(baseName(last), database)?.time ?? Number.NEGATIVE_INFINITY;
    const wanted = (await run.list(source, database)).filter((file) => file.time > after);
    for (const file of wanted) {
      context.signal.throwIfAborted();
      const target = pathIn(destination, file.name);
      await copyFile(run, pathIn(source, file.name), target);
      await run.log.progress(`Copied log backup file. File: '${target}'`);
      await instance.msdb.change((writer) => {
        noteCopy(writer, secondaryId, target, run.now());
      });
    }
    await run.log.progress(`Number of log backup files copied: ${String(wanted.length)}`);
    const periods = instance.msdb
      .rows("log_shipping_monitor_secondary", mine)
      .map((row) => numberOf(row, "history_retention_period"));
    if (periods.length > 0) await run.deleteOldHistory(Math.max(...periods));
  });
}

/** Under another name until it is whole, so that a restore never reads half a file. */
async function copyFile(run: ShippingRun, source: string, target: string): Promise<void> {
  const work = target.replace(/\.trn$/i, ".wrk");
  await run.withFiles(source, (files) => {
    files.requireRead(source);
  });
  await run.withFiles(target, async (files) => {
    await files.copy(source, work);
    if (files.entry(target) !== undefined) files.remove(target);
    files.move(work, target);
  });
}
