/**
 * A mirroring session as one partner sees it. The principal ships the log records of each commit to the mirror's copy,
 * which rolls them forward; a mirror that was away is caught up from the principal's log.
 */
import type { Database } from "../database";
import type { InstanceCore } from "../instance-core";
import type { LogRecord } from "../log-records";
import { lsnText } from "../log-sequence-number";
import type { DatabaseStore } from "../storage/store";
import { connectedWitness, mayServe, tellWitness } from "./quorum";
import { hasDiverged, reseed } from "./reseed";
import type { MirroringRecord, MirroringState, MirroringView } from "./record";

/** Records that go over in one piece while the mirror catches up. */
const RECORDS_PER_PIECE = 2000;

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
    else if (safety === "FULL" && wasSynchronized && connectedWitness(this) !== undefined) this.promote(false);
  }

  /** Without quorum the principal disconnects its clients. */
  stopServingWithoutQuorum(): void {
    const { database } = this;
    if (this.lacksQuorum) void database.instance.environment.endSessions(database);
  }

  /** The principal has committed: its records go to the mirror before the client is told (SAFETY FULL). */
  ship(records: readonly LogRecord[]): void {
    const first = records[0];
    if (this.#record.role !== "PRINCIPAL" || this.#record.suspended || first === undefined || this.#catchingUp) return;
    const mirror = this.partner();
    if (mirror === undefined) return;
    if (mirror.database.openStore().endOfLog !== first.lsn) {
      void this.catchUp();
      return;
    }
    this.#send(mirror, records, this.database.openStore().endOfLog);
  }

  /** The mirror needs to know what the log backups did when it becomes the principal; what they hold its log gives up. */
  shareStatus(): void {
    if (this.#record.role !== "PRINCIPAL" || this.#record.pending || this.#record.suspended) return;
    const mirror = this.partner()?.database;
    mirror?.change({ recovery: this.database.record.recovery });
    mirror?.log.truncate();
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
        const records = wholeTransactions(store, from);
        const last = records.at(-1);
        if (last === undefined)
          throw new Error(`The log of ${this.database.name} has nothing from ${lsnText(from)} on.`);
        const rest = store.readLog(last.lsn + 1n, store.endOfLog, 1);
        this.#send(mirror, records, rest[0]?.lsn ?? store.endOfLog);
        await new Promise(setImmediate);
      }
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
    database.change({ state: "RESTORING", redo: { lsn: lsnText(database.openStore().endOfLog), fork } });
    this.change({ role: "MIRROR", roleSequence: this.#record.roleSequence + 1, suspended });
    database.instance.errorLog(
      1480,
      `The database mirroring database "${database.name}" is changing roles from "PRINCIPAL" to "MIRROR" because the mirroring session failed over.`,
    );
  }

  /** This copy becomes principal. */
  promote(suspended: boolean): void {
    const { database } = this;
    database.refresh();
    database.change({ state: "ONLINE", redo: null });
    this.change({ role: "PRINCIPAL", roleSequence: this.#record.roleSequence + 1, suspended });
    database.instance.errorLog(
      1480,
      `The database mirroring database "${database.name}" is changing roles from "MIRROR" to "PRINCIPAL" because the mirroring session failed over.`,
    );
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

  #send(mirror: MirroringSession, records: readonly LogRecord[], until: bigint): void {
    const store = this.database.openStore();
    const target = mirror.database.openStore();
    const complete = records.map((record) => store.withBulkRows(record));
    target.beginRedo();
    try {
      target.redo(complete);
      target.keep(complete);
      target.endRedo(true, until);
    } catch (error) {
      target.endRedo(false, until);
      throw error;
    }
    this.#acknowledged = until;
    if (records.some((record) => record.operation === "LOP_DEFINITION")) mirror.database.refresh();
  }
}

/** Gives the mirror's log the principal's records from an LSN on, as far as the mirror has rolled forward. */
function shareLog(principal: DatabaseStore, mirror: DatabaseStore, from: bigint): void {
  const end = mirror.endOfLog;
  mirror.truncateLog(end);
  mirror.beginRedo();
  for (let next = from; ;) {
    const records = principal.readLog(next, end, RECORDS_PER_PIECE);
    mirror.keep(records.map((record) => principal.withBulkRows(record)));
    const last = records.at(-1);
    if (last === undefined) break;
    next = last.lsn + 1n;
  }
  mirror.endRedo(true, end);
}

/** Records from an LSN on that end with the end of a transaction: the mirror never holds half of one. */
function wholeTransactions(store: DatabaseStore, from: bigint): LogRecord[] {
  for (let limit = RECORDS_PER_PIECE; ; limit *= 2) {
    const records = store.readLog(from, store.endOfLog, limit);
    if (records.length < limit) return records;
    const last = records.findLastIndex((record) => record.operation === "LOP_COMMIT_XACT");
    if (last >= 0) return records.slice(0, last + 1);
  }
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
    session?.partner()?.reconnect();
  }
}
