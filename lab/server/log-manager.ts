/** The log of one database as BACKUP, RESTORE and mirroring manage it: chain, truncation, forks, checkpoints. */
import { freeBytesOf, takeFreeBytes } from "./backup/device";
import type { Database } from "./database";
import type { RecoveryModel, RecoveryStatus } from "./storage/definitions";
import { storageErrors } from "./storage/errors";
import { newGuid } from "./storage/guid";
import type { RecordChange, RecoveryRecord, RedoPoint } from "./storage/registry";

/** sys.databases.log_reuse_wait_desc; the number is its place in the list of the page. */
export type LogReuseWait =
  "NOTHING" | "CHECKPOINT" | "LOG_BACKUP" | "ACTIVE_BACKUP_OR_RESTORE" | "ACTIVE_TRANSACTION" | "DATABASE_MIRRORING";

/** sys.databases.log_reuse_wait of a name. */
export const LOG_REUSE_WAITS: Readonly<Record<LogReuseWait, number>> = {
  NOTHING: 0,
  CHECKPOINT: 1,
  LOG_BACKUP: 2,
  ACTIVE_BACKUP_OR_RESTORE: 3,
  ACTIVE_TRANSACTION: 4,
  DATABASE_MIRRORING: 5,
};

/** Status of a database that was just created: a family and a recovery path of its own. */
export function newRecovery(familyGuid: string, checkpoint: bigint): RecoveryRecord {
  const fork = newGuid();
  return toRecord({
    familyGuid,
    recoveryForkGuid: fork,
    firstRecoveryForkGuid: fork,
    forkPointLsn: null,
    lastLogBackupLsn: null,
    databaseBackupLsn: 0n,
    differentialBaseLsn: null,
    differentialBaseGuid: null,
    beginsLogChain: true,
    checkpointLsn: checkpoint,
    hasBulkLoggedData: false,
  });
}

/** As the registry keeps it. */
export function toRecord(status: RecoveryStatus): RecoveryRecord {
  return {
    ...status,
    forkPointLsn: textOrNull(status.forkPointLsn),
    lastLogBackupLsn: textOrNull(status.lastLogBackupLsn),
    databaseBackupLsn: status.databaseBackupLsn.toString(),
    differentialBaseLsn: textOrNull(status.differentialBaseLsn),
    checkpointLsn: status.checkpointLsn.toString(),
  };
}

function fromRecord(record: RecoveryRecord): RecoveryStatus {
  return {
    ...record,
    forkPointLsn: lsnOrNull(record.forkPointLsn),
    lastLogBackupLsn: lsnOrNull(record.lastLogBackupLsn),
    databaseBackupLsn: BigInt(record.databaseBackupLsn),
    differentialBaseLsn: lsnOrNull(record.differentialBaseLsn),
    checkpointLsn: BigInt(record.checkpointLsn),
  };
}

/** Text of an LSN that may be absent. */
export function textOrNull(value: bigint | null): string | null {
  return value === null ? null : value.toString();
}

/** An LSN that may be absent from its text. */
export function lsnOrNull(value: string | null): bigint | null {
  return value === null ? null : BigInt(value);
}

export class LogManager {
  readonly #database: Database;
  /** Start LSNs of data backups that run: their log is kept. */
  readonly #running = new Set<bigint>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Throws when the copy was never recovered completely enough to know. */
  get status(): RecoveryStatus {
    const record = this.#database.record.recovery;
    if (record === null)
      throw new Error(`Database ${this.#database.name} has no recovery status: a full restore is missing.`);
    return fromRecord(record);
  }

  /** @param also what else becomes true of the database in the same write, so that no crash comes in between */
  update(change: Partial<RecoveryStatus>, also: RecordChange = {}): void {
    this.#database.change({ ...also, recovery: toRecord({ ...this.status, ...change }) });
    this.#database.mirroringSession?.shareStatus();
  }

  /**
   * The database was opened after the end of a process, perhaps of one that was killed: what its file says is the truth.
   * A log set that was rolled forward counts even if the registry had not heard of it yet; nor had it of a chain's end.
   */
  settle(): void {
    const { record, options } = this.#database;
    if (record.recovery === null) return;
    const { redo } = record;
    const reached = this.#database.openStore().redoPoint;
    if (redo !== null && reached !== undefined && record.mirroring === null) {
      const [known, found] = [BigInt(redo.lsn), BigInt(reached.lsn)];
      if (found > known || (found === known && reached.fork !== redo.fork)) this.rolledForward(reached);
    }
    if (options.recoveryModel === "SIMPLE" && this.status.lastLogBackupLsn !== null)
      this.update({ lastLogBackupLsn: null, beginsLogChain: true });
  }

  /** A backup set was rolled forward up to a point: position, fork and chain are those of the point. */
  rolledForward(point: RedoPoint): void {
    this.update(
      {
        recoveryForkGuid: point.fork,
        firstRecoveryForkGuid: point.fork,
        forkPointLsn: null,
        lastLogBackupLsn: BigInt(point.lsn),
        beginsLogChain: false,
      },
      { redo: point },
    );
  }

  /** Records are kept: FULL or BULK_LOGGED with a chain begun, a data backup that runs, mirroring. */
  get keepsLog(): boolean {
    if (this.#running.size > 0) return true;
    if (this.#database.options.recoveryModel === "SIMPLE") return false;
    return this.status.lastLogBackupLsn !== null;
  }

  /** A differential backup may come and ask which rows were changed. */
  get notesChanges(): boolean {
    const { differentialBaseLsn } = this.status;
    return this.#running.size > 0 || this.#database.options.recoveryModel !== "SIMPLE" || differentialBaseLsn !== null;
  }

  /** A data backup runs: 3023 for another one. */
  get isBackingUp(): boolean {
    return this.#running.size > 0;
  }

  get usedBytes(): number {
    return this.#database.hasStore ? this.#database.openStore().usedBytes : 0;
  }

  /** Size of the log file in bytes: it grows with what cannot be reused and never shrinks by itself. */
  get sizeBytes(): number {
    const file = this.#database.files.find((other) => other.type === "LOG");
    return file === undefined ? 0 : this.#database.filePages(file.fileId) * 8192;
  }

  /** Lets the log file grow to hold so many bytes. Throws 9002 when the volume has no room or the file is at its maximum. */
  growFile(bytes: number): void {
    const { files, instance, name } = this.#database;
    const file = files.find((other) => other.type === "LOG");
    const needed = Math.ceil(bytes / 8192);
    if (file === undefined || needed <= file.size) return;
    const free = freeBytesOf(instance, file.physicalName) ?? Infinity;
    const room = Math.min(file.size + Math.floor(free / 8192), file.maxSize > 0 ? file.maxSize : Infinity);
    if (needed > room) throw storageErrors.logFull(name, this.reuseWait);
    // Grows by a tenth, as the file's growth says, or by what there is room for.
    const size = Math.min(room, Math.max(needed, Math.ceil(file.size * 1.1)));
    takeFreeBytes(instance, file.physicalName, (size - file.size) * 8192);
    this.#database.change({ files: files.map((other) => (other === file ? { ...file, size } : other)) });
  }

  /** sys.databases.log_reuse_wait_desc. */
  get reuseWait(): LogReuseWait {
    const database = this.#database;
    if (!database.hasStore || database.state !== "ONLINE") return "NOTHING";
    if (database.mirroring !== undefined && database.mirroring.state !== "SYNCHRONIZED") return "DATABASE_MIRRORING";
    if (this.#running.size > 0) return "ACTIVE_BACKUP_OR_RESTORE";
    if (database.options.recoveryModel !== "SIMPLE" && this.status.lastLogBackupLsn !== null)
      return this.usedBytes > 0 ? "LOG_BACKUP" : "NOTHING";
    return database.writerOwner !== undefined && database.openStore().hasChanges ? "ACTIVE_TRANSACTION" : "NOTHING";
  }

  /** CHECKPOINT: a record of its own where the database can be written and no transaction is in the way. */
  checkpoint(): void {
    const database = this.#database;
    if (database.isReadOnly || database.state !== "ONLINE" || database.writerOwner !== undefined) return;
    const store = database.openStore();
    const at = store.endOfLog;
    store.begin(this.keepsLog);
    store.append("LOP_BEGIN_CKPT", 0, 0);
    const { from, logBytes } = store.commit({ time: database.instance.localTime() });
    database.counters.wroteLog(logBytes);
    this.update({ checkpointLsn: at });
    database.mirroringSession?.ship(from);
  }

  /** From now on the log is kept for a data backup; answers what ends that. */
  holdForBackup(): () => void {
    const from = this.#database.openStore().endOfLog;
    this.#running.add(from);
    return () => {
      this.#running.delete(from);
      this.truncate();
    };
  }

  /** Frees what neither a log backup, nor a running data backup, nor the mirror needs. Waits for the writer to end. */
  truncate(): void {
    const database = this.#database;
    database.whenIdle(() => {
      if (!database.hasStore) return;
      const store = database.openStore();
      if (store.isWriting) return;
      const candidates = [store.endOfLog, ...this.#running];
      const backedUp = this.status.lastLogBackupLsn;
      if (database.options.recoveryModel !== "SIMPLE" && backedUp !== null) candidates.push(backedUp);
      const shipped = database.mirroringSession?.neededFrom;
      if (shipped !== undefined) candidates.push(shipped);
      store.truncateLog(candidates.reduce((least, lsn) => (lsn < least ? lsn : least)));
      // The mirror keeps the log as its principal does.
      if (database.mirroring?.role === "PRINCIPAL") database.mirroringSession?.partner()?.database.log.truncate();
    });
  }

  /** A full backup that is not COPY_ONLY has succeeded: differential base, and the first one begins the log chain. */
  fullBackedUp(set: { readonly guid: string; readonly checkpointLsn: bigint; readonly firstLsn: bigint }): void {
    const before = this.status;
    const startsChain = before.lastLogBackupLsn === null && this.#database.options.recoveryModel !== "SIMPLE";
    this.update({
      databaseBackupLsn: set.checkpointLsn,
      differentialBaseLsn: set.checkpointLsn,
      differentialBaseGuid: set.guid,
      ...(startsChain ? { lastLogBackupLsn: set.firstLsn, beginsLogChain: true } : {}),
    });
    this.#database.whenIdle(() => {
      if (this.#database.hasStore) this.#database.openStore().changes.forget(set.checkpointLsn);
    });
  }

  /**
   * A log backup that is not COPY_ONLY has succeeded: the chain goes on behind it, the fork is told.
   * @param also what the backup makes of the database besides: the tail's RESTORING
   */
  logBackedUp(lastLsn: bigint, also: RecordChange = {}): void {
    this.update(
      {
        lastLogBackupLsn: lastLsn,
        beginsLogChain: false,
        firstRecoveryForkGuid: this.status.recoveryForkGuid,
        forkPointLsn: null,
        hasBulkLoggedData: false,
      },
      also,
    );
    this.truncate();
  }

  /** ALTER DATABASE SET RECOVERY: SIMPLE ends the chain, only a data backup begins a new one. */
  recoveryModelChanged(before: RecoveryModel): void {
    const now = this.#database.options.recoveryModel;
    if (now !== "SIMPLE" && before !== "SIMPLE") return;
    if (now === "SIMPLE") this.update({ lastLogBackupLsn: null, beginsLogChain: true });
    this.truncate();
  }

  /**
   * Recovery of a restored copy, or service forced on a mirror: a new recovery path leaves the old one where the roll
   * forward ended. Assumed: also when nothing is rolled back ("Recovery Paths" promises a new one only then);
   * first_recovery_fork_guid names the old path until the next log backup.
   * @param also what becomes true of the database with it
   * @param copy a mirror has its principal's log, a restored copy none of what was restored
   */
  startFork(also: RecordChange, copy: "restored" | "mirror" = "restored"): void {
    const { record, options } = this.#database;
    const store = this.#database.openStore();
    const before = this.status;
    // Not the end of the log: an earlier recovery may have moved it on and then been cut off.
    const at = record.redo === null || copy === "mirror" ? store.endOfLog : BigInt(record.redo.lsn);
    store.setEndOfLog(store.nextVirtualLogFile);
    // The chain goes on without a new full backup, unless the model has none.
    const backedUp = copy === "mirror" ? before.lastLogBackupLsn : at;
    this.update(
      {
        recoveryForkGuid: newGuid(),
        firstRecoveryForkGuid: before.recoveryForkGuid,
        forkPointLsn: at,
        lastLogBackupLsn: options.recoveryModel === "SIMPLE" ? null : backedUp,
        beginsLogChain: false,
        checkpointLsn: store.endOfLog,
      },
      also,
    );
  }
}
