/**
 * The core of one SQL Server instance: its databases and what survives a restart of it. No T-SQL, no wire, no logins.
 */
import { writeFileSync } from "node:fs";
import type { Access, Located } from "../windows/files";
import { WindowsError } from "../windows/files";
import { backup } from "./backup/backup";
import type { BackupOutcome, RestoreOutcome } from "./backup/history";
import { fileList, headers, label, verify, type RowSet, type VerifyOutcome } from "./backup/inspect";
import { Progress } from "./backup/progress";
import type { BackupRequest, InspectRequest, RequestProgress, Requester, RestoreRequest } from "./backup/request";
import { recover } from "./backup/recovery";
import { restore } from "./backup/restore";
import { Database } from "./database";
import { newRecovery } from "./log-manager";
import { FIRST_LSN } from "./log-sequence-number";
import { alterPartner, type PartnerOption } from "./mirroring/alter-partner";
import { noticesOfLoss } from "./mirroring/quorum";
import { reconnectSessions, resumeSessions } from "./mirroring/session";
import type { WitnessRole } from "./mirroring/witness-role";
import { MODEL_OPTIONS, type DatabaseFile, type DatabaseOptions } from "./storage/definitions";
import type { InstanceEnvironment } from "./storage/environment";
import { storageErrors } from "./storage/errors";
import { newGuid } from "./storage/guid";
import { Registry, type DatabaseRecord } from "./storage/registry";
import { DatabaseStore } from "./storage/store";

/** sid of sa. */
export const SA_SID = "01";

const SYSTEM_DATABASES = ["master", "tempdb", "model", "msdb"] as const;

/** CREATE DATABASE after parsing. */
export interface NewDatabase {
  readonly name: string;
  readonly ownerSid: string;
  readonly options?: Partial<DatabaseOptions>;
  /** Absent: one data and one log file in the default folders. Sizes in pages of 8 KiB. */
  readonly files?: readonly Partial<DatabaseFile>[];
}

/** One instance. Make it with `InstanceCore.start`; after `stop` (or a killed process) start it again on the same folder. */
export class InstanceCore {
  readonly #databases = new Map<number, Database>();
  readonly #registry: Registry;
  readonly #running = new Set<Progress>();
  readonly #witnessRoles = new Map<string, WitnessRole>();
  #stopped = false;
  /** sys.dm_os_sys_info.sqlserver_start_time: milliseconds since 1970 of the local clock. */
  readonly startTime: number;

  private constructor(readonly environment: InstanceEnvironment) {
    this.startTime = this.localTime();
    environment.files.makeFolder(environment.host, environment.systemFolder);
    this.#registry = new Registry(this.locate(`${environment.systemFolder}\\registry.mdf`, "write").file);
    for (const role of this.#registry.witnessRoles()) this.#witnessRoles.set(role.guid, role);
  }

  /**
   * Starts the instance, after a stop or a killed process alike: opens what the registry knows, recovers it, makes
   * tempdb anew, and whichever of master, model and msdb are not there yet.
   */
  static start(environment: InstanceEnvironment): InstanceCore {
    const core = new InstanceCore(environment);
    for (const record of core.#registry.records()) core.#open(record);
    for (const name of SYSTEM_DATABASES) if (core.database(name) === undefined) core.#createSystemDatabase(name);
    resumeSessions(core);
    return core;
  }

  /** Stops the instance as SHUTDOWN does: open transactions are undone, running backups and restores are the caller's to abort. */
  stop(): void {
    if (this.#stopped) return;
    const notices = noticesOfLoss(this);
    this.#stopped = true;
    for (const database of this.#databases.values()) {
      database.mirroringSession?.stop();
      database.detach();
    }
    this.#registry.close();
    for (const notice of notices) notice();
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Every database of the instance, by database_id. */
  get databases(): readonly Database[] {
    return [...this.#databases.values()].sort((a, b) => a.id - b.id);
  }

  /** By name without case; undefined when there is none. */
  database(name: string): Database | undefined {
    const key = name.toLowerCase();
    return this.databases.find((database) => database.name.toLowerCase() === key);
  }

  databaseById(id: number): Database | undefined {
    return this.#databases.get(id);
  }

  /** By name; throws 911. */
  require(name: string): Database {
    const database = this.database(name);
    if (database === undefined) throw storageErrors.databaseUnknown(name);
    return database;
  }

  /** CREATE DATABASE. Throws 1801, 5123/5133/5170/1834 with 1802 behind them. */
  createDatabase(request: NewDatabase): Database {
    if (this.database(request.name) !== undefined) throw storageErrors.databaseExists(request.name);
    const files = this.#newFiles(request);
    files.forEach((file, index) => {
      this.#refuseFile(file, files.slice(0, index));
    });
    const family = newGuid();
    const record: DatabaseRecord = {
      id: this.nextDatabaseId(),
      name: request.name,
      state: "ONLINE",
      standby: null,
      createDate: this.localTime(),
      ownerSid: request.ownerSid,
      databaseGuid: newGuid(),
      files,
      options: { ...MODEL_OPTIONS, ...request.options },
      redo: null,
      familyGuid: family,
      recovery: newRecovery(family, FIRST_LSN),
      mirroring: null,
      unfinished: true,
    };
    const database = new Database(this, record);
    this.add(database);
    try {
      for (const file of files) if (file.type === "LOG") writeLogFile(this, file);
      const store = DatabaseStore.create(database.dataPath());
      store.begin(false);
      store.putDefinition("database", "options", JSON.stringify(record.options));
      store.putDefinition("database", "owner", JSON.stringify(record.ownerSid));
      store.commit({ time: this.localTime() });
      database.attach(store);
      database.change({ unfinished: undefined });
      return database;
    } catch (error) {
      this.#takeAway(database);
      throw error;
    }
  }

  /** DROP DATABASE. Throws 3701, 3702, 3708, 3743. Files go with it; an OFFLINE database leaves its files. */
  dropDatabase(name: string, session: number): void {
    const database = this.database(name);
    if (database === undefined) throw storageErrors.cannotDrop(name);
    if (database.id <= 4) throw storageErrors.dropSystem(name);
    if (database.mirroringSession !== undefined) throw storageErrors.dropMirrored(name);
    // The own session in it counts too: its current database cannot be dropped.
    const users = this.environment.sessionsIn(database);
    if (users.length > 0 || database.busy !== undefined || (database.writerOwner?.sessionId ?? session) !== session)
      throw storageErrors.dropInUse(name);
    if (database.state === "OFFLINE") {
      this.remove(database);
      return;
    }
    database.change({ unfinished: true });
    this.#takeAway(database);
  }

  /** SET OFFLINE. Sessions are cleared away by the caller. Throws 1468 when mirrored. */
  setOffline(database: Database): void {
    if (database.mirroringSession !== undefined) throw storageErrors.mirroredOption(database.name);
    database.detach();
    database.change({ state: "OFFLINE" });
  }

  /** SET ONLINE: opens and recovers; on failure RECOVERY_PENDING and the error (5120). */
  setOnline(database: Database): void {
    if (database.state === "ONLINE") return;
    if (database.state === "RESTORING") throw storageErrors.notPermittedInState("ALTER DATABASE", "RESTORING");
    this.#openFile(database, stateBehind(database.record));
    if (database.state === "RECOVERY_PENDING") throw storageErrors.inaccessible(database.name);
  }

  /** SET EMERGENCY. */
  setEmergency(database: Database): void {
    if (database.mirroringSession !== undefined) throw storageErrors.mirroredOption(database.name);
    database.change({ state: "EMERGENCY" });
  }

  /** BACKUP DATABASE or LOG. Long; see BackupRequest. Throws the cause followed by 3013. */
  backup(request: BackupRequest): Promise<BackupOutcome> {
    return this.#track(
      request.requester,
      request.kind === "log" ? "BACKUP LOG" : "BACKUP DATABASE",
      request.database,
      (progress) => backup(this, request, progress),
    );
  }

  /** RESTORE DATABASE … FROM. Throws the cause followed by 3119 where it applies and 3013. */
  restoreDatabase(request: RestoreRequest): Promise<RestoreOutcome> {
    return this.#track(request.requester, "RESTORE DATABASE", request.database, (progress) =>
      restore(this, "database", request, progress),
    );
  }

  /** RESTORE LOG … FROM. */
  restoreLog(request: RestoreRequest): Promise<RestoreOutcome> {
    return this.#track(request.requester, "RESTORE LOG", request.database, (progress) =>
      restore(this, "log", request, progress),
    );
  }

  /** RESTORE DATABASE … WITH RECOVERY (or STANDBY) without FROM. Throws 3153, 3104, 911/3118, 4333 with 3013. */
  recoverDatabase(
    name: string,
    requester: Requester,
    recovery: "RECOVERY" | "NORECOVERY" | { readonly standby: string } = "RECOVERY",
  ): Promise<void> {
    return this.#track(requester, "RESTORE DATABASE", name, () => recover(this, name, requester, recovery));
  }

  /** RESTORE HEADERONLY: columns of the emulated version and a row per set. */
  headerOnly(request: InspectRequest): Promise<RowSet> {
    return this.#track(request.requester, "RESTORE HEADERONLY", "", () => headers(this, request));
  }

  fileListOnly(request: InspectRequest): Promise<RowSet> {
    return this.#track(request.requester, "RESTORE FILELISTONLY", "", () => fileList(this, request));
  }

  labelOnly(request: InspectRequest): Promise<RowSet> {
    return this.#track(request.requester, "RESTORE LABELONLY", "", () => label(this, request));
  }

  /** RESTORE VERIFYONLY: 3262 through the requester when good. `history` is for LOADHISTORY. */
  verifyOnly(request: Omit<RestoreRequest, "database">): Promise<VerifyOutcome> {
    return this.#track(request.requester, "RESTORE VERIFYONLY", "", (progress) => verify(this, request, progress));
  }

  /** ALTER DATABASE … SET PARTNER …; context as 5001 asks is the caller's. Throws 1416, 1418, 1464 …, 5069 is the caller's. */
  alterPartner(database: string, option: PartnerOption, requester: Requester): Promise<void> {
    return alterPartner(this, database, option, requester);
  }

  /**
   * To be called on every instance once `environment.partner` finds one that has started: mirroring sessions connect
   * again, learn of a removal in between, and catch up.
   */
  reconnectPartners(): void {
    reconnectSessions(this);
  }

  /** Sessions that this instance is witness of. */
  witnessRoles(): readonly WitnessRole[] {
    return [...this.#witnessRoles.values()];
  }

  /** Its role in the session of that mirroring_guid. */
  witnessRole(guid: string): WitnessRole | undefined {
    return this.#witnessRoles.get(guid);
  }

  putWitnessRole(role: WitnessRole): void {
    this.#witnessRoles.set(role.guid, role);
    this.#registry.putWitnessRole(role);
  }

  removeWitnessRole(guid: string): void {
    this.#witnessRoles.delete(guid);
    this.#registry.removeWitnessRole(guid);
  }

  /** Requests of BACKUP and RESTORE that run now (sys.dm_exec_requests). */
  get requests(): readonly RequestProgress[] {
    return [...this.#running];
  }

  /** Milliseconds since 1970 of the server's local clock. */
  localTime(): number {
    return this.environment.localTime?.() ?? Date.now() - new Date().getTimezoneOffset() * 60_000;
  }

  errorLog(number: number, text: string): void {
    this.environment.errorLog?.(number, text);
  }

  /** A path as the engine's account sees it. Throws WindowsError. */
  locate(path: string, access: Access): Located {
    return this.environment.files.locate(this.environment.host, this.environment.engineAccount, path, access);
  }

  /** Where an existing file lies, undefined when it is absent or out of reach. */
  find(path: string): string | undefined {
    try {
      return this.locate(path, "list").file;
    } catch (error) {
      if (error instanceof WindowsError) return undefined;
      throw error;
    }
  }

  // For the core's own files -------------------------------------------------------------------------------------------

  saved(database: Database): void {
    if (this.#databases.has(database.id)) this.#registry.put(database.record);
  }

  add(database: Database): void {
    this.#databases.set(database.id, database);
    this.#registry.put(database.record);
  }

  remove(database: Database): void {
    this.#databases.delete(database.id);
    this.#registry.remove(database.id);
  }

  nextDatabaseId(): number {
    let id = 1;
    while (this.#databases.has(id)) id += 1;
    return id;
  }

  /** Database that has a file at this Windows path, apart from `except`. */
  ownerOfFile(path: string, except?: Database): Database | undefined {
    const key = path.toLowerCase();
    return this.databases.find(
      (database) => database !== except && database.files.some((file) => file.physicalName.toLowerCase() === key),
    );
  }

  async #track<T>(
    requester: Requester,
    command: string,
    name: string,
    work: (progress: Progress) => Promise<T>,
  ): Promise<T> {
    const progress = new Progress(requester.sessionId, command, this.database(name)?.id ?? 1);
    this.#running.add(progress);
    try {
      return await work(progress);
    } finally {
      this.#running.delete(progress);
    }
  }

  #open(record: DatabaseRecord): void {
    const database = new Database(this, record);
    this.#databases.set(record.id, database);
    if (record.unfinished === true || record.name === "tempdb") {
      this.#takeAway(database);
      return;
    }
    // OFFLINE stays so; RESTORING without a position is half a restore, its file means nothing.
    if (record.state === "OFFLINE" || (record.state === "RESTORING" && record.redo === null)) return;
    this.#openFile(database, record.state === "RECOVERY_PENDING" ? stateBehind(record) : record.state);
  }

  #openFile(database: Database, state: DatabaseRecord["state"]): void {
    try {
      const path = database.files.find((entry) => entry.type === "ROWS")?.physicalName ?? "";
      const { file } = this.locate(path, "read");
      this.locate(path, "write");
      database.attach(DatabaseStore.open(file));
      database.log.settle();
      database.change({ state });
    } catch (error) {
      const system = error instanceof WindowsError ? error.text : String(error);
      this.errorLog(
        5120,
        `Unable to open the physical file of database ${database.name}. Operating system error ${system}.`,
      );
      database.change({ state: "RECOVERY_PENDING" });
    }
  }

  /** Removes a database with its files, whatever there is of them. */
  #takeAway(database: Database): void {
    database.detach();
    database.removeFiles();
    this.remove(database);
  }

  #createSystemDatabase(name: (typeof SYSTEM_DATABASES)[number]): void {
    const folder = this.environment.systemFolder;
    const stem = {
      master: ["master", "mastlog"],
      tempdb: ["tempdb", "templog"],
      model: ["model", "modellog"],
      msdb: ["MSDBData", "MSDBLog"],
    }[name];
    this.createDatabase({
      name,
      ownerSid: SA_SID,
      options: { recoveryModel: name === "model" ? "FULL" : "SIMPLE", isTrustworthy: name === "msdb" },
      files: [
        { type: "ROWS", name: stem[0], physicalName: `${folder}\\${stem[0] as string}.mdf` },
        { type: "LOG", name: stem[1], physicalName: `${folder}\\${stem[1] as string}.ldf` },
      ],
    });
  }

  #newFiles(request: NewDatabase): DatabaseFile[] {
    const defaults: Partial<DatabaseFile>[] = [
      { type: "ROWS", name: request.name, physicalName: `${this.environment.defaultDataPath}\\${request.name}.mdf` },
      {
        type: "LOG",
        name: `${request.name}_log`,
        physicalName: `${this.environment.defaultLogPath}\\${request.name}_log.ldf`,
      },
    ];
    const given = request.files ?? [];
    const wanted = defaults.flatMap((fallback) => {
      const ofType = given.filter((file) => (file.type ?? "ROWS") === fallback.type);
      return ofType.length === 0 ? [fallback] : ofType.map((file) => ({ ...fallback, ...file }));
    });
    return wanted.map((file, index) => ({
      fileId: index + 1,
      type: file.type ?? "ROWS",
      name: file.name ?? request.name,
      physicalName: file.physicalName ?? "",
      size: file.size ?? (file.type === "LOG" ? 130 : 392),
      maxSize: file.maxSize ?? (file.type === "LOG" ? 268_435_456 : -1),
      growth: file.growth ?? (file.type === "LOG" ? 10 : 128),
      isPercentGrowth: file.isPercentGrowth ?? file.type === "LOG",
      fileGuid: newGuid(),
    }));
  }

  /** @param others files of the same statement that come before it */
  #refuseFile(file: DatabaseFile, others: readonly DatabaseFile[]): void {
    const owner = this.ownerOfFile(file.physicalName);
    if (owner !== undefined)
      throw storageErrors.fileBelongsToOther(file.physicalName, owner.name).followedBy(storageErrors.createFailed());
    try {
      const taken = others.some((other) => other.physicalName.toLowerCase() === file.physicalName.toLowerCase());
      if (taken || this.locate(file.physicalName, "write").kind !== "absent")
        throw storageErrors.fileExists(file.physicalName).followedBy(storageErrors.createFailed());
    } catch (error) {
      if (!(error instanceof WindowsError)) throw error;
      const cause =
        error.code === 5
          ? storageErrors.createFile(file.physicalName, error.text)
          : storageErrors.directoryLookup(file.physicalName, error.text);
      throw cause.followedBy(storageErrors.createFailed());
    }
  }
}

/** What a database that cannot be opened will be when it can: a copy that is being restored stays one. */
function stateBehind(record: DatabaseRecord): DatabaseRecord["state"] {
  return record.redo !== null && record.standby === null ? "RESTORING" : "ONLINE";
}

/** Puts a log file on the host's disk. The records lie with the rows, so that both are durable in one commit. */
export function writeLogFile(core: InstanceCore, file: DatabaseFile): void {
  writeFileSync(
    core.locate(file.physicalName, "write").file,
    `Log file ${file.name} (${file.fileGuid}). The lab keeps its records in the data file of the database.\n`,
  );
}
