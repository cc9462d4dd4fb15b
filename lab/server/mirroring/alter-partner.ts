/** ALTER DATABASE … SET PARTNER and SET WITNESS: "ALTER DATABASE (Transact-SQL) Database Mirroring". */
import type { Requester } from "../backup/request";
import type { Database } from "../database";
import type { InstanceCore } from "../instance-core";
import { lsnText } from "../log-sequence-number";
import { newGuid } from "../storage/guid";
import { storageErrors } from "../storage/errors";
import { mirroringErrors } from "./errors";
import { actsAsWitness, connectedWitness, hasQuorum, roleOf } from "./quorum";
import type { MirroringRecord } from "./record";
import { MirroringSession } from "./session";

/** One mirroring option after parsing. */
export type PartnerOption =
  | { readonly kind: "partner"; readonly address: string }
  | { readonly kind: "safety"; readonly level: "FULL" | "OFF" }
  | { readonly kind: "timeout"; readonly seconds: number }
  | { readonly kind: "off" | "suspend" | "resume" | "failover" | "forceService" | "witnessOff" }
  | { readonly kind: "witness"; readonly address: string };

/** Executes one option. Throws SqlError without 5069, which the statement adds. */
export async function alterPartner(
  core: InstanceCore,
  name: string,
  option: PartnerOption,
  requester: Requester,
): Promise<void> {
  const database = core.require(name);
  if (option.kind === "partner") {
    await setPartner(core, database, option.address);
    return;
  }
  const session = database.mirroringSession;
  if (session === undefined) throw mirroringErrors.notConfigured(database.name);
  switch (option.kind) {
    case "off":
      session.partner()?.end();
      session.end();
      return;
    case "suspend":
      for (const side of [session, session.partner()]) side?.change({ suspended: true });
      return;
    case "resume":
      requirePrincipal(session);
      for (const side of [session, session.partner()]) side?.change({ suspended: false });
      await session.catchUp();
      return;
    case "safety":
      requirePrincipal(session);
      if (session.partner() === undefined) throw mirroringErrors.bothPartnersNeeded(database.name);
      for (const side of [session, session.partner()])
        side?.change({ safety: option.level, safetySequence: side.record.safetySequence + 1 });
      return;
    case "timeout":
      requirePrincipal(session);
      if (option.seconds > 32_767) throw mirroringErrors.timeoutRange();
      for (const side of [session, session.partner()]) side?.change({ timeout: Math.max(5, option.seconds) });
      return;
    case "failover":
      await failOver(database, session, requester);
      return;
    case "forceService":
      forceService(database, session);
      return;
    case "witness":
      setWitness(core, session, option.address);
      return;
    case "witnessOff":
      removeWitness(session);
  }
}

/** SET WITNESS: all three must be connected, and the mirror must have caught up. */
function setWitness(core: InstanceCore, session: MirroringSession, address: string): void {
  requirePrincipal(session);
  const same = (other: string | undefined): boolean => address.toLowerCase() === other?.toLowerCase();
  if (same(core.environment.endpointAddress) || same(session.record.partnerName))
    throw mirroringErrors.witnessIsPartner();
  const witness = core.environment.partner(address);
  const mirror = session.partner();
  if (mirror === undefined || witness === undefined || witness.isStopped || session.state !== "SYNCHRONIZED")
    throw mirroringErrors.witnessNeedsAll();
  if (!actsAsWitness(witness)) throw mirroringErrors.notAWitness(address);
  connectedWitness(session)?.removeWitnessRole(session.record.guid);
  witness.putWitnessRole(roleOf(session));
  for (const side of [session, mirror]) side.change({ witnessName: address });
}

/** SET WITNESS OFF: the witness or the partner must be there to agree. */
function removeWitness(session: MirroringSession): void {
  requirePrincipal(session);
  const { name } = session.database;
  if (session.record.witnessName === "") throw mirroringErrors.noWitness(name);
  if (!hasQuorum(session)) throw mirroringErrors.nobodyThere(name);
  connectedWitness(session)?.removeWitnessRole(session.record.guid);
  for (const side of [session, session.partner()]) side?.change({ witnessName: "" });
}

function requirePrincipal(session: MirroringSession): void {
  if (session.record.role !== "PRINCIPAL") throw mirroringErrors.onlyPrincipal(session.database.name);
}

/** First on the mirror (a RESTORING copy waits for its principal), then on the principal, which begins the session. */
async function setPartner(core: InstanceCore, database: Database, address: string): Promise<void> {
  if (address.toLowerCase() === core.environment.endpointAddress?.toLowerCase())
    throw mirroringErrors.ownAddress(address);
  const own = database.mirroringSession;
  if (own !== undefined && !own.record.pending) throw mirroringErrors.alreadyPartner(database.name);
  if (core.environment.endpointAddress === undefined) throw mirroringErrors.unreachable(address);
  const remote = core.environment.partner(address);
  if (database.state === "RESTORING") {
    if (database.redoStart === null) throw mirroringErrors.remoteUnopened(database.name);
    database.mirroringSession = new MirroringSession(
      database,
      newRecord(address, remote?.environment.serverName ?? ""),
    );
    return;
  }
  refuseLocal(database);
  if (remote === undefined || remote.isStopped) throw mirroringErrors.unreachable(address);
  const copy = remote.database(database.name);
  refuseRemote(database, copy, core.environment.endpointAddress, address);
  const guid = newGuid();
  const waiting = (copy as Database).mirroringSession as MirroringSession;
  const end = lsnText((copy as Database).openStore().endOfLog);
  const session = new MirroringSession(database, {
    ...newRecord(address, remote.environment.serverName),
    guid,
    role: "PRINCIPAL",
    pending: false,
    failoverLsn: end,
  });
  // The principal first: a crash in between leaves a mirror that waits for it still.
  database.mirroringSession = session;
  waiting.change({ guid, pending: false, partnerInstance: core.environment.serverName, failoverLsn: end });
  core.errorLog(1440, `Database mirroring is active with database '${database.name}' as the principal copy.`);
  remote.errorLog(1441, `Database mirroring is active with database '${database.name}' as the mirror copy.`);
  await session.begin();
}

function newRecord(address: string, instance: string): MirroringRecord {
  return {
    guid: newGuid(),
    role: "MIRROR",
    roleSequence: 1,
    safety: "FULL",
    safetySequence: 1,
    suspended: false,
    partnerName: address,
    partnerInstance: instance,
    witnessName: "",
    timeout: 10,
    failoverLsn: "0",
    pending: true,
  };
}

function refuseLocal(database: Database): void {
  const { name, options } = database;
  if (database.state === "SUSPECT" || database.state === "EMERGENCY") throw mirroringErrors.emergencyOrSuspect(name);
  database.assertUsable();
  if (options.recoveryModel !== "FULL") throw mirroringErrors.notFull(name);
  if (database.isReadOnly) throw mirroringErrors.readOnly(name);
  if (options.userAccess === "SINGLE_USER") throw mirroringErrors.singleUser(name);
  if (options.isAutoClose) throw mirroringErrors.autoClose(name);
  if (database.log.status.hasBulkLoggedData && database.log.status.lastLogBackupLsn !== null)
    throw mirroringErrors.bulkChanges(name);
}

function refuseRemote(database: Database, copy: Database | undefined, ownAddress: string, address: string): void {
  const { name } = database;
  if (copy === undefined) throw mirroringErrors.remoteAbsent(name);
  if (copy.state !== "RESTORING") throw mirroringErrors.remoteNotRestoring(name);
  if (copy.redoStart === null || copy.busy !== undefined) throw mirroringErrors.remoteUnopened(name);
  const waiting = copy.mirroringSession;
  if (waiting !== undefined && !waiting.record.pending) throw mirroringErrors.remoteAlready(name);
  // The mirror has not been told of this principal: it does not answer.
  if (waiting === undefined || waiting.record.partnerName.toLowerCase() !== ownAddress.toLowerCase())
    throw mirroringErrors.unreachable(address);
  const status = database.log.status;
  if (copy.familyGuid !== status.familyGuid) throw mirroringErrors.notRelated(name);
  const { lsn, fork } = copy.redoStart;
  const onPath =
    fork === status.recoveryForkGuid ||
    (fork === status.firstRecoveryForkGuid && status.forkPointLsn !== null && lsn <= status.forkPointLsn);
  if (!onPath || lsn > database.openStore().endOfLog) throw mirroringErrors.notRolledForward(name);
  if (status.lastLogBackupLsn === null || status.beginsLogChain || lsn < status.lastLogBackupLsn)
    throw mirroringErrors.insufficientLog(name);
}

/** Manual failover: roles change on both sides, on the same recovery path. */
async function failOver(database: Database, session: MirroringSession, requester: Requester): Promise<void> {
  requirePrincipal(session);
  if (session.record.safety !== "FULL") throw mirroringErrors.safetyOff(database.name);
  if (session.state !== "SYNCHRONIZED") throw mirroringErrors.notSynchronized(database.name);
  await database.instance.environment.endSessions(database, requester.sessionId);
  database.writerOwner?.forget(database);
  const mirror = session.partner();
  if (mirror === undefined || session.state !== "SYNCHRONIZED") throw mirroringErrors.notSynchronized(database.name);
  // The new principal first: of two principals that a crash leaves behind the later one stands.
  mirror.promote();
  session.demote(false);
}

/** FORCE_SERVICE_ALLOW_DATA_LOSS: the mirror takes over while the principal is away, on a recovery path of its own. */
function forceService(database: Database, session: MirroringSession): void {
  if (session.record.role !== "MIRROR" || session.partnerInstance() !== undefined)
    throw mirroringErrors.forceRefused(database.name);
  if (!hasQuorum(session)) throw mirroringErrors.nobodyThere(database.name);
  if (database.redoStart === null) throw storageErrors.inaccessible(database.name);
  session.force();
}
