/**
 * What master knows of every database of the instance: names, states, files, where a restore stands. A file of its own,
 * so that a transaction in master that rolls back never takes a database's state with it.
 */
import { DatabaseSync } from "node:sqlite";
import type { MirroringRecord } from "../mirroring/record";
import type { WitnessRole } from "../mirroring/witness-role";
import type { DatabaseFile, DatabaseOptions, DatabaseState, RecoveryStatus } from "./definitions";

/** RecoveryStatus as JSON can hold it: LSNs as decimal text. */
export type RecoveryRecord = {
  readonly [Key in keyof RecoveryStatus]: bigint extends RecoveryStatus[Key]
    ? string | Exclude<RecoveryStatus[Key], bigint>
    : RecoveryStatus[Key];
};

/** Where the roll forward of a restored copy goes on. */
export interface RedoPoint {
  readonly lsn: string;
  readonly fork: string;
  /** Milliseconds since 1970 of the last transaction that was rolled forward, of its server's local clock; absent = unknown. */
  readonly time?: number;
  /** first_lsn of the data set that was restored last, while no log set was applied to it. */
  readonly dataFrom?: string;
}

/** One database as the registry keeps it. LSNs as decimal text. */
export interface DatabaseRecord {
  readonly id: number;
  readonly name: string;
  readonly state: DatabaseState;
  /** Set when STANDBY: the undo file's Windows path. */
  readonly standby: string | null;
  /** Milliseconds since 1970 of the server's local clock. */
  readonly createDate: number;
  readonly ownerSid: string;
  readonly databaseGuid: string;
  readonly files: readonly DatabaseFile[];
  /** As last seen open: what sys.databases shows while the database cannot be opened. */
  readonly options: DatabaseOptions;
  /** sys.master_files.redo_start_lsn and redo_start_fork_guid; null while RESTORING = only a full restore helps. */
  readonly redo: RedoPoint | null;
  /** Family of the copy, known also while it is not open. */
  readonly familyGuid: string | null;
  /** JSON of RecoveryStatus with LSNs as text; null before the first recovery. */
  readonly recovery: RecoveryRecord | null;
  readonly mirroring: MirroringRecord | null;
  /** Pages of the data file whose bytes do not match their checksum: see `Database.damagePage`. */
  readonly damagedPages?: readonly number[];
  /** It is being created or dropped: an instance that finds this at its start takes the database away. */
  readonly unfinished?: true | undefined;
}

/** What may change of a database's record. */
export type RecordChange = Partial<Omit<DatabaseRecord, "id">>;

export class Registry {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
       CREATE TABLE IF NOT EXISTS registered (id INTEGER PRIMARY KEY, record TEXT NOT NULL);
       CREATE TABLE IF NOT EXISTS witness (guid TEXT PRIMARY KEY, role TEXT NOT NULL)`,
    );
  }

  records(): DatabaseRecord[] {
    const rows = this.#database.prepare("SELECT record FROM registered ORDER BY id").all() as { record: string }[];
    return rows.map((row) => JSON.parse(row.record) as DatabaseRecord);
  }

  put(record: DatabaseRecord): void {
    this.#database
      .prepare(
        "INSERT INTO registered (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
      )
      .run(record.id, JSON.stringify(record));
  }

  remove(id: number): void {
    this.#database.prepare("DELETE FROM registered WHERE id = ?").run(id);
  }

  witnessRoles(): WitnessRole[] {
    const rows = this.#database.prepare("SELECT role FROM witness ORDER BY guid").all() as { role: string }[];
    return rows.map((row) => JSON.parse(row.role) as WitnessRole);
  }

  putWitnessRole(role: WitnessRole): void {
    this.#database
      .prepare("INSERT INTO witness (guid, role) VALUES (?, ?) ON CONFLICT (guid) DO UPDATE SET role = excluded.role")
      .run(role.guid, JSON.stringify(role));
  }

  removeWitnessRole(guid: string): void {
    this.#database.prepare("DELETE FROM witness WHERE guid = ?").run(guid);
  }

  close(): void {
    this.#database.close();
  }
}
