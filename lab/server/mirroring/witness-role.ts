/** What an instance remembers of the sessions that it is witness of: sys.database_mirroring_witnesses. */
import type { MirroringSafety } from "./record";

/** One role. Survives a restart of the instance. */
export interface WitnessRole {
  /** mirroring_guid of the session. */
  readonly guid: string;
  readonly database: string;
  /** @@SERVERNAME of the partners. */
  readonly principal: string;
  readonly mirror: string;
  /** `TCP://host:port` of the partners, the principal's first. */
  readonly addresses: readonly [string, string];
  readonly safety: MirroringSafety;
  readonly safetySequence: number;
  /** Greater than a partner's own: the other one became principal while that one was away. */
  readonly roleSequence: number;
  readonly familyGuid: string | null;
  readonly suspended: boolean;
  readonly synchronized: boolean;
}
