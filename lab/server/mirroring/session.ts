/**
 * A mirroring session as one partner sees it. The principal ships the log records of each commit to the mirror's copy,
 * which rolls them forward; a mirror that was away is caught up from the principal's log.
 */
import { SqlError } from "../../tsql/errors";
import type { Database } from "../database";
import type { InstanceCore } from "../instance-core";
import { sizeOf } from "../log-records";
import { lsnText } from "../log-sequence-number";
import type { DatabaseStore } from "../storage/store";
import { connectedWitness, mayServe, tellWitness } from "./quorum";
import { hasDiverged, reseed } from "./reseed";
import type { MirroringRecord, MirroringState, MirroringView } from "./record";

/** Records that go over in one piece while the mirror catches up. */
const RECORDS_PER_PIECE = 2000;
/** "A system assertion check has failed": a failure of the lab itself. */
const ASSERTION_FAILED = 3624;

export class MirroringSession {
  #record: MirroringRecord;
  /** The mirror's end of log as last heard; undefined after a restart until it answers. */
  #acknowledged: bigint | undefined;
  #catchingUp = false;

  constructor(
    readonly database: Database,
    record: MirroringRecord,
  ) {
    this.#record = record;
  }

  get record(): MirroringRecord {
    return this.#record;
  }

  /** sys.database_mirroring; undefined until the principal has joined. */
  get view(): MirroringView | undefined {
    const record = this.#record;
    if (record.pending) return undefined;
    const end = this.database.hasStore ? this.database.openStore().endOfLog : 0n;
    const other = this.partner()?.database;
    const otherEnd = other?.hasStore === true ? other.openStore().endOfLog : BigInt(record.failoverLsn);
    return {
      guid: record.guid,
      state: this.state,
      role: record.role,
      roleSequence: record.roleSequence,
      safety: record.safety,
      safetySequence: record.safetySequence,
      partnerName: record.partnerName,
      partnerInstance: record.partnerInstance,
      witnessName: record.witnessName,
      isWitnessConnected: connectedWitness(this) !== undefined,
      failoverLsn: otherEnd < end ? otherEnd : end,
      endOfLogLsn: end,
      timeout: record.timeout,
    };
  }

  get state(): MirroringState {
    const partner = this.partner();
    if (partner === undefined)
      return this.#record.suspended && this.#record.role === "PRINCIPAL" ? "SUSPENDED" : "DISCONNECTED";
    if (this.#record.suspended) return "SUSPENDED";
    const same = partner.database.openStore().endOfLog === this.database.openStore().endOfLog;
    // With SAFETY OFF the state stays SYNCHRONIZING for as long as the session is active ("Mirroring States").
    return same && this.#record.safety === "FULL" ? "SYNCHRONIZED" : "SYNCHRONIZING";
  }

  /** The partner's session while both instances run and both copies are open. */
  partner(): MirroringSession | undefined {
    const instance = this.partnerInstance();
    const session = instance?.database(this.database.name)?.mirroringSession;
    if (session === undefined || session.record.guid !== this.#record.guid || session.record.pending) return undefined;
    if (!this.database.hasStore || this.database.instance.isStopped) return undefined;
    return session.database.hasStore ? session : undefined;
  }

  /** The partner's instance while it runs. */
  partnerInstance(): InstanceCore | undefined {
    const instance = this.database.instance.environment.partner(this.#record.partnerName);
    return instance === undefined || instance.isStopped ? undefined : instance;
  }

  /** LSN from which on the log must be kept for the mirror; undefined on the mirror itself. */
  get neededFrom(): bigint | undefined {
    if (this.#record.role !== "PRINCIPAL" || this.#record.pending) return undefined;
    const mirror = this.partner();
    if (mirror !== undefined) this.#acknowledged = mirror.database.openStore().endOfLog;
    return this.#acknowledged ?? 0n;
  }

  change(change: Partial<MirroringRecord>): void {
    this.#record = { ...this.#record, ...change };
    this.database.change({ mirroring: this.#record });
    tellWitness(this);
  }

  /** A principal that a witness asks for quorum, and that has none: its database is not served (955). */
  get lacksQuorum(): boolean {
    return this.#record.role === "PRINCIPAL" && !this.#record.pending && !mayServe(this);
  }

  /** The partner's instance is gone. @param wasSynchronized state of the session until then */
  partnerLost(wasSynchronized: boolean): void {
    const { role, safety } = this.#record;
    if (role === "PRINCIPAL") this.stopServingWithoutQuorum();
    else if (safety === "FULL" && wasSynchronized && connectedWitness(this) !== undefined) this.promote();
  }

  /** Without quorum the principal disconnects its clients. */
  stopServingWithoutQuorum(): void {
    const { database } = this;
    if (this.lacksQuorum) void database.instance.environment.endSessions(database);
  }

  /** The principal has committed from an LSN on: its records go to the mirror before the client is told (SAFETY FULL). */
  ship(from: bigint): void {
    if (this.#record.role !== "PRINCIPAL" || this.#record.suspended || this.#catchingUp) return;
    const mirror = this.partner();
    if (mirror === undefined) return;
    if (mirror.database.openStore().endOfLog !== from) {
      void this.catchUp();
      return;
    }
    try {
      this.#send(mirror, this.database.openStore().endOfLog);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** The mirror needs to know what the log backups did when it becomes the principal. */
  shareStatus(): void {
    if (this.#record.role !== "PRINCIPAL" || this.#record.pending || this.#record.suspended) return;
    this.partner()?.database.change({ recovery: this.database.record.recovery });
  }

  /** The session begins: the mirror's log gets what the principal's next log backup shall hold, then the mirror catches up. */
  async begin(): Promise<void> {
    const mirror = this.partner();
    const from = this.database.log.status.lastLogBackupLsn;
    if (mirror !== undefined && from !== null) shareLog(this.database.openStore(), mirror.database.openStore(), from);
    await this.catchUp();
  }

  /** Brings the mirror up to date, piece by piece; ends when it is, or when one of both goes away. */
  async catchUp(): Promise<void> {
    if (this.#catchingUp || this.#record.role !== "PRINCIPAL") return;
    this.#catchingUp = true;
    try {
      for (;;) {
        const mirror = this.#record.suspended ? undefined : this.partner();
        if (mirror === undefined) return;
        if (hasDiverged(this.database, mirror.database)) {
          await reseed(this.database, mirror.database);
          continue;
        }
        const store = this.database.openStore();
        const from = mirror.database.openStore().endOfLog;
        if (from === store.endOfLog) return;
        this.#send(mirror, store.transactionEnd(from, RECORDS_PER_PIECE));
        await new Promise(setImmediate);
      }
    } catch (error) {
      this.#giveUp(error);
    } finally {
      this.#catchingUp = false;
      this.shareStatus();
      this.database.log.truncate();
      tellWitness(this);
    }
  }

  /** Both partners run again (or one of them started): learns of an OFF in between, then catches up. */
  reconnect(): void {
    const instance = this.partnerInstance();
    if (instance === undefined || this.#record.pending) return;
    const partner = instance.database(this.database.name)?.mirroringSession;
    if (partner === undefined || partner.record.guid !== this.#record.guid) {
      this.end();
      return;
    }
    if (this.#record.role === "PRINCIPAL" && partner.record.role === "PRINCIPAL") {
      // The other side took over while this one was away, or the reverse: the later role stands. After forced service
      // the session is suspended, after an automatic failover it goes on.
      const [present, former] =
        partner.record.roleSequence > this.#record.roleSequence ? [partner, this] : [this, partner];
      former.demote(present.record.suspended);
      void present.catchUp();
      return;
    }
    if (this.#record.role === "PRINCIPAL") tellWitness(this);
    void this.catchUp();
  }

  /** This copy stops to be principal: its sessions are gone already. */
  demote(suspended: boolean): void {
    const { database } = this;
    const fork = database.log.status.recoveryForkGuid;
    database.writerOwner?.forget(database);
    this.#record = { ...this.#record, role: "MIRROR", roleSequence: this.#record.roleSequence + 1, suspended };
    const redo = { lsn: lsnText(database.openStore().endOfLog), fork };
    database.change({ state: "RESTORING", redo, mirroring: this.#record });
    this.#tellRole("PRINCIPAL", "MIRROR");
  }

  /** This copy becomes principal, on the recovery path of the former one. */
  promote(): void {
    const { database } = this;
    database.refresh();
    database.change({ state: "ONLINE", redo: null, mirroring: this.#becomePrincipal(false) });
    this.#tellRole("MIRROR", "PRINCIPAL");
  }

  /** This copy becomes principal without the former one, on a recovery path of its own; suspended until somebody resumes. */
  force(): void {
    const { database } = this;
    database.refresh();
    database.log.startFork({ state: "ONLINE", redo: null, mirroring: this.#becomePrincipal(true) }, "mirror");
    this.#tellRole("MIRROR", "PRINCIPAL");
  }

  /** The session is over here. The mirror's copy stays RESTORING where it stood. */
  end(): void {
    const { database } = this;
    if (this.#record.role === "MIRROR" && database.hasStore) {
      const fork = database.record.redo?.fork ?? database.log.status.recoveryForkGuid;
      const store = database.openStore();
      store.truncateLog(store.endOfLog);
      database.change({ redo: { lsn: lsnText(store.endOfLog), fork } });
    }
    connectedWitness(this)?.removeWitnessRole(this.#record.guid);
    database.mirroringSession = undefined;
    database.instance.errorLog(1443, `Database mirroring has been terminated for database '${database.name}'.`);
    if (this.#record.role === "PRINCIPAL") database.log.truncate();
  }

  /** The instance stops: nothing is told to the partner, it finds the connection gone. */
  stop(): void {
    const partner = this.partner();
    if (partner !== undefined && this.#record.role === "MIRROR")
      partner.#acknowledged = this.database.openStore().endOfLog;
  }

  /** Rolls the mirror forward up to an LSN at which no transaction is open: all of it or, when that fails, nothing. */
  #send(mirror: MirroringSession, until: bigint): void {
    const store = this.database.openStore();
    const target = mirror.database.openStore();
    const from = target.endOfLog;
    let [bytes, definitions, found] = [0, false, false];
    target.beginRedo();
    try {
      for (const record of store.log(from, until)) {
        found = true;
        target.rollForward.apply(store.withBulkRows(record));
        target.keep(record);
        bytes += sizeOf(record);
        definitions ||= record.operation === "LOP_DEFINITION";
      }
      if (!found) throw new Error(`The log of ${this.database.name} has nothing from ${lsnText(from)} on.`);
    } catch (error) {
      target.undoRedo();
      throw error;
    }
    target.keepMirrored(until, bytes);
    this.#acknowledged = until;
    if (definitions) mirror.database.refresh();
  }

  /** The mirror could not follow: the session is suspended until somebody resumes it, and the error log says why. */
  #giveUp(error: unknown): void {
    for (const side of [this, this.partner()]) side?.change({ suspended: true });
    const { instance, name } = this.database;
    const number = error instanceof SqlError ? error.number : ASSERTION_FAILED;
    instance.errorLog(number, error instanceof Error ? error.message : String(error));
    instance.errorLog(
      1453,
      `The remote mirroring partner for database '${name}', encountered error ${String(number)}, status 1, severity 16. Database mirroring has been suspended. Resolve the error on the remote server and resume mirroring, or remove mirroring and re-establish the mirror server instance.`,
    );
  }

  #becomePrincipal(suspended: boolean): MirroringRecord {
    this.#record = { ...this.#record, role: "PRINCIPAL", roleSequence: this.#record.roleSequence + 1, suspended };
    return this.#record;
  }

  #tellRole(from: string, to: string): void {
    const { database } = this;
    tellWitness(this);
    database.instance.errorLog(
      1480,
      `The database mirroring database "${database.name}" is changing roles from "${from}" to "${to}" because the mirroring session failed over.`,
    );
  }
}

/** Gives the mirror's log the principal's records from an LSN on, as far as the mirror has rolled forward. */
function shareLog(principal: DatabaseStore, mirror: DatabaseStore, from: bigint): void {
  const end = mirror.endOfLog;
  let bytes = 0;
  mirror.truncateLog(end);
  mirror.beginRedo();
  for (const record of principal.log(from, end)) {
    mirror.keep(record);
    bytes += sizeOf(record);
  }
  mirror.keepMirrored(end, bytes);
}

/** An instance has started: its sessions and those of its partners connect again. */
export function resumeSessions(core: InstanceCore): void {
  for (const database of core.databases) {
    const record = database.record.mirroring;
    if (record !== null && database.mirroringSession === undefined)
      database.mirroringSession = new MirroringSession(database, record);
  }
}

/** To be called when an instance can be reached (again): sessions of both sides learn of each other. */
export function reconnectSessions(core: InstanceCore): void {
  for (const database of core.databases) {
    const session = database.mirroringSession;
    session?.reconnect();
    // Also where the partner's session is another one, of which this side knows nothing: it ends there.
    session?.partnerInstance()?.database(database.name)?.mirroringSession?.reconnect();
  }
}
