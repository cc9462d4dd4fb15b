/**
 * Quorum of a session with a witness: who is connected to whom, and whether the principal may serve its database.
 * Source: "Quorum: How a Witness Affects Database Availability (Database Mirroring)".
 */
import type { InstanceCore } from "../instance-core";
import type { MirroringSession } from "./session";
import type { WitnessRole } from "./witness-role";

/** The witness's instance while it runs and its endpoint is one of a witness; undefined without one. */
export function connectedWitness(session: MirroringSession): InstanceCore | undefined {
  const { witnessName } = session.record;
  if (witnessName === "" || session.database.instance.isStopped) return undefined;
  const witness = session.database.instance.environment.partner(witnessName);
  if (witness === undefined || witness.isStopped || !actsAsWitness(witness)) return undefined;
  return witness.witnessRole(session.record.guid) === undefined ? undefined : witness;
}

/** The endpoint's role lets the instance be witness: WITNESS or ALL. */
export function actsAsWitness(instance: InstanceCore): boolean {
  const role = instance.environment.endpointRole;
  return role === "WITNESS" || role === "ALL";
}

/** At least two of the three are connected; always true without a witness, which asks for no quorum. */
export function hasQuorum(session: MirroringSession): boolean {
  return (
    session.record.witnessName === "" || session.partner() !== undefined || connectedWitness(session) !== undefined
  );
}

/**
 * Whether a principal may serve: with quorum, and unless the partner (or the witness, which remembers it) says that the
 * other one became principal while this one was away.
 */
export function mayServe(session: MirroringSession): boolean {
  if (session.record.witnessName === "") return true;
  if (!hasQuorum(session)) return false;
  const { guid, roleSequence } = session.record;
  const partner = session.partner()?.record;
  if (partner?.role === "PRINCIPAL" && partner.roleSequence > roleSequence) return false;
  const remembered = connectedWitness(session)?.witnessRole(guid)?.roleSequence ?? 0;
  return remembered <= roleSequence;
}

/** The principal tells its witness how the session stands. */
export function tellWitness(session: MirroringSession): void {
  const witness = connectedWitness(session);
  if (witness !== undefined && session.record.role === "PRINCIPAL") witness.putWitnessRole(roleOf(session));
}

/** The role that a witness of this principal's session has. */
export function roleOf(session: MirroringSession): WitnessRole {
  const { database, record } = session;
  const { environment } = database.instance;
  return {
    guid: record.guid,
    database: database.name,
    principal: environment.serverName,
    mirror: record.partnerInstance,
    addresses: [environment.endpointAddress ?? "", record.partnerName],
    safety: record.safety,
    safetySequence: record.safetySequence,
    roleSequence: record.roleSequence,
    familyGuid: database.familyGuid,
    suspended: record.suspended,
    synchronized: session.state === "SYNCHRONIZED",
  };
}

/**
 * What the others do when an instance goes down: looked at while it still runs, to be called when it does not any more.
 * The mirror of a synchronized session takes over where the witness is with it ("Automatic Failover"); a principal that
 * is left alone stops to serve.
 */
export function noticesOfLoss(instance: InstanceCore): readonly (() => void)[] {
  const notices: (() => void)[] = [];
  for (const { mirroringSession: session } of instance.databases) {
    const partner = session?.partner();
    if (partner === undefined) continue;
    const wasSynchronized = partner.state === "SYNCHRONIZED";
    notices.push(() => {
      partner.partnerLost(wasSynchronized);
    });
  }
  for (const { addresses, database, guid } of instance.witnessRoles())
    for (const address of addresses) {
      const session = instance.environment.partner(address)?.database(database)?.mirroringSession;
      if (session?.record.guid === guid)
        notices.push(() => {
          session.stopServingWithoutQuorum();
        });
    }
  return notices;
}
