/**
 * sqllogship -restore: applies the copied files in their order, as far as they fit the secondary's log. Assumed: that it skips
 * what 4326 says, looks for an older file after 4305, and fails by every other error; no page tells.
 */
import type { PowerShellResult } from "../../shell/run";
import type { NamedRow } from "../../server/msdb/system-tables";
import { quoteIdentifier, sqlLiteral } from "../../server/sql-text";
import type { ProgramContext } from "../program-context";
import { numberOf, optionalNumber, optionalText, textOf } from "../row-values";
import { AGENT_TYPE, SERVER_SOURCE } from "./monitor-log";
import { noteRestore } from "./progress-notes";
import { baseName, pathIn, type ShippedFile, shippedFile } from "./shipped-files";
import { RunFailed, shippingResult, ShippingRun } from "./shipping-run";

const MINUTE = 60_000;

/** The set ends before the copy's redo point: it was applied already. */
const TOO_EARLY = 4326;
/** The set begins behind the copy's redo point: an older one is missing. */
const TOO_RECENT = 4305;

/** Restores the log backups of a secondary's databases. Exit code 1 when one of them failed. */
export async function restoreLogs(secondaryId: string, context: ProgramContext): Promise<PowerShellResult> {
  const { instance } = context;
  const mine = (row: { readonly [column: string]: unknown }): boolean => row["secondary_id"] === secondaryId;
  const [settings] = instance.msdb.rows("log_shipping_secondary", mine);
  const targets = instance.msdb.rows("log_shipping_secondary_databases", mine);
  const first = targets[0];
  const name = first === undefined ? null : textOf(first, "secondary_database");
  const run = new ShippingRun(context, secondaryId, AGENT_TYPE.restore, name);
  const begin = `Starting transaction log restore. Secondary ID: '${secondaryId.toLowerCase()}'`;
  return shippingResult(run, begin, "TRANSACTION LOG RESTORE", async () => {
    if (settings === undefined)
      return run.fail(`Could not retrieve restore settings for secondary ID '${secondaryId.toLowerCase()}'.`);
    const folder = textOf(settings, "backup_destination_directory");
    const database = textOf(settings, "primary_database");
    await run.log.progress(
      `Retrieved restore settings. Primary Server: '${textOf(settings, "primary_server")}', Primary Database: '${database}', Backup Destination Directory: '${folder}', File Retention Period: ${String(numberOf(settings, "file_retention_period"))} minute(s)`,
    );
    for (const target of targets) {
      try {
        await new DatabaseRestore(run, target, folder, database).apply();
      } catch (error) {
        // One database's failure does not keep the others from their files.
        if (!(error instanceof RunFailed)) throw error;
      }
    }
    await deleteApplied(run, settings, folder, database);
    const periods = instance.msdb
      .rows("log_shipping_monitor_secondary", mine)
      .map((row) => numberOf(row, "history_retention_period"));
    if (periods.length > 0) await run.deleteOldHistory(Math.max(...periods));
  });
}

/** The run of one secondary database. */
class DatabaseRestore {
  readonly #name: string;
  readonly #tried = new Set<string>();
  #restored = 0;

  constructor(
    private readonly run: ShippingRun,
    private readonly target: NamedRow,
    private readonly folder: string,
    private readonly primaryDatabase: string,
  ) {
    this.#name = textOf(target, "secondary_database");
  }

  async apply(): Promise<void> {
    const { run } = this;
    const all = await run.list(this.folder, this.primaryDatabase);
    const last = optionalText(this.target, "last_restored_file");
    const after = shippedFile(baseName(last), this.primaryDatabase)?.time ?? Number.NEGATIVE_INFINITY;
    const limit = run.instance.utcTime() - numberOf(this.target, "restore_delay") * MINUTE;
    for (const file of all.filter((one) => one.time > after && one.time <= limit)) {
      run.context.signal.throwIfAborted();
      if (!(await this.#restore(file))) continue;
      // restore_all 0: one file each time.
      if (numberOf(this.target, "restore_all") === 0) break;
    }
    await run.log.progress(
      this.#restored === 0
        ? `Could not find a log backup file that could be applied to secondary database '${this.#name}'.`
        : `The restore operation was successful. Secondary Database: '${this.#name}', Number of log backup files restored: ${String(this.#restored)}`,
    );
  }

  /** Applies a file; false when it was applied before. Fails the run when it does not fit. */
  async #restore(file: ShippedFile): Promise<boolean> {
    const { run } = this;
    const path = pathIn(this.folder, file.name);
    this.#tried.add(file.name);
    await this.#disconnect();
    const errors = await run.execute(
      `RESTORE LOG ${quoteIdentifier(this.#name)} FROM DISK = ${sqlLiteral(path)} WITH FILE = 1, ${this.#recovery(file)}${this.#transfer()};`,
    );
    const [cause] = errors;
    if (cause === undefined) {
      this.#restored += 1;
      await this.#note(file, path);
      return true;
    }
    if (cause.number === TOO_EARLY) {
      await run.log.progress(`Skipped log backup file. Secondary DB: '${this.#name}', File: '${path}'`);
      return false;
    }
    await run.log.warn(
      `Could not apply log backup file '${path}' to secondary database '${this.#name}'. ${errors.map((error) => error.text).join("\n")}`,
      SERVER_SOURCE,
    );
    if (cause.number === TOO_RECENT && (await this.#restoreOlder(file))) return this.#restore(file);
    return run.fail(
      `The file '${path}' could not be applied to secondary database '${this.#name}': ${cause.text}`,
      SERVER_SOURCE,
    );
  }

  /** Looks among the older files for one that fits; answers whether one did. */
  async #restoreOlder(file: ShippedFile): Promise<boolean> {
    const { run } = this;
    await run.log.progress(`Searching for an older log backup file. Secondary Database: '${this.#name}'`);
    const older = (await run.list(this.folder, this.primaryDatabase)).filter(
      (one) => one.time < file.time && !this.#tried.has(one.name),
    );
    for (const one of older) {
      this.#tried.add(one.name);
      const path = pathIn(this.folder, one.name);
      const errors = await run.execute(
        `RESTORE LOG ${quoteIdentifier(this.#name)} FROM DISK = ${sqlLiteral(path)} WITH FILE = 1, ${this.#recovery(one)}${this.#transfer()};`,
      );
      if (errors.length > 0) continue;
      this.#restored += 1;
      await this.#note(one, path);
      return true;
    }
    return false;
  }

  async #note(file: ShippedFile, path: string): Promise<void> {
    const { run } = this;
    const at = run.now();
    const latency = Math.max(0, Math.floor((at.utc - file.time) / MINUTE));
    await run.instance.msdb.change((writer) => {
      noteRestore(writer, { secondaryId: run.agentId, database: this.#name }, path, at, latency);
    });
    await run.log.progress(`Restored log backup file. Secondary DB: '${this.#name}', File: '${path}'`);
  }

  /** Standby needs an undo file beside the log backups. */
  #recovery(file: ShippedFile): string {
    if (numberOf(this.target, "restore_mode") === 0) return "NORECOVERY";
    const undo = pathIn(this.folder, `${this.#name}_${file.name.replace(/^.*_|\.trn$/gi, "")}.tuf`);
    return `STANDBY = ${sqlLiteral(undo)}`;
  }

  #transfer(): string {
    const options = [
      ["block_size", "BLOCKSIZE"],
      ["buffer_count", "BUFFERCOUNT"],
      ["max_transfer_size", "MAXTRANSFERSIZE"],
    ] as const;
    return options
      .map(([column, option]) => [option, optionalNumber(this.target, column) ?? -1] as const)
      .filter(([, value]) => value > 0)
      .map(([option, value]) => `, ${option} = ${String(value)}`)
      .join("");
  }

  /** disconnect_users: readers of a standby copy are ended before each restore. */
  async #disconnect(): Promise<void> {
    const { instance } = this.run;
    const database = instance.core.database(this.#name);
    if (numberOf(this.target, "disconnect_users") === 0 || database === undefined) return;
    for (const session of instance.sessions.in(database)) await this.run.execute(`KILL ${String(session.id)};`);
  }
}

/** Deletes copied files past their retention that every secondary database has applied. */
async function deleteApplied(run: ShippingRun, settings: NamedRow, folder: string, database: string): Promise<void> {
  const applied = run.instance.msdb
    .rows("log_shipping_secondary_databases", (row) => row["secondary_id"] === settings["secondary_id"])
    .map((row) => shippedFile(baseName(optionalText(row, "last_restored_file")), database)?.time ?? 0);
  const oldest = Math.min(...applied);
  const files = (await run.list(folder, database)).filter((file) => file.time <= oldest);
  await run.deleteOld(folder, files, numberOf(settings, "file_retention_period"));
}
