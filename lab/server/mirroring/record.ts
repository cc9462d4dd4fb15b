/** What an instance remembers of a mirroring session of one of its databases: sys.database_mirroring. */

export type MirroringRole = "PRINCIPAL" | "MIRROR";
export type MirroringSafety = "FULL" | "OFF";
export type MirroringState = "SUSPENDED" | "DISCONNECTED" | "SYNCHRONIZING" | "PENDING_FAILOVER" | "SYNCHRONIZED";

/** Survives a restart of the instance. LSN as decimal text. */
export interface MirroringRecord {
  readonly guid: string;
  readonly role: MirroringRole;
  readonly roleSequence: number;
  readonly safety: MirroringSafety;
  readonly safetySequence: number;
  readonly suspended: boolean;
  /** `TCP://host:port` of the partner. */
  readonly partnerName: string;
  /** @@SERVERNAME of the partner. */
  readonly partnerInstance: string;
  /** `TCP://host:port` of the witness; "" = none. */
  readonly witnessName: string;
  /** Seconds. */
  readonly timeout: number;
  readonly failoverLsn: string;
  /** Set by SET PARTNER on the mirror until the principal has joined. */
  readonly pending: boolean;
}

/** sys.database_mirroring.mirroring_state of a state. */
export const MIRRORING_STATES: Readonly<Record<MirroringState, number>> = {
  SUSPENDED: 0,
  DISCONNECTED: 1,
  SYNCHRONIZING: 2,
  PENDING_FAILOVER: 3,
  SYNCHRONIZED: 4,
};

/** A row of sys.database_mirroring without database_id, as the database answers it. */
export interface MirroringView {
  readonly guid: string;
  readonly state: MirroringState;
  readonly role: MirroringRole;
  readonly roleSequence: number;
  readonly safety: MirroringSafety;
  readonly safetySequence: number;
  readonly partnerName: string;
  readonly partnerInstance: string;
  readonly witnessName: string;
  readonly isWitnessConnected: boolean;
  readonly failoverLsn: bigint;
  readonly endOfLogLsn: bigint;
  readonly timeout: number;
}
