/** What a plan consists of: findings and ordered steps. Plain values that survive JSON. */
import type { Authority, StepId } from "./authority";
import type { Since } from "./drift/drift-types";
import type { InstanceRole } from "./observation-types";

/** Keys of the failback's resources in the document's order: a step with one resource for each database has two. */
export const failbackKeys = [
  "F0",
  "F1",
  "F2-chat",
  "F2-compliance",
  "F2b",
  "F3",
  "F4",
  "F5",
  "F6",
  "F7",
  "F7b",
  "F8-chat",
  "F8-compliance",
  "F8-leftovers",
] as const;

/** Keys of the failover's resources in the order of execution. */
export const failoverKeys = [
  "F0",
  "P1",
  "P2",
  "P3",
  "O3",
  "O1",
  "O4",
  "O5",
  "O7",
  "O7b",
  "O8",
  "O6-chat",
  "O6-compliance",
] as const;

/** The resource of one step in a plan. */
export type StepKey = (typeof failbackKeys)[number] | (typeof failoverKeys)[number];

/** The resource that converges a step. */
export type ResourceKind =
  | "Preflight"
  | "ClearedActiveServers"
  | "DatabaseMirroring"
  | "WriteFence"
  | "DatabaseBackup"
  | "DatabaseRestore"
  | "LogShipping"
  | "ActiveServers"
  | "PoolState"
  | "TailLogBackup"
  | "RestoredLogs"
  | "RemovedLogShipping"
  | "DatabaseRecovery"
  | "LogBackupJob"
  | "ChatService"
  | "DroppedMirrorCopies";

/** Something that Preflight has to say. An error stops the steps that it blocks before the first change. */
export interface Finding {
  /** Stable for scripts, for instance `agent-not-running:backup`. */
  readonly id: string;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly hint: string;
  /** Steps that must not begin while an error stands; empty for warnings and infos. */
  readonly blocks: readonly StepId[];
  /** True when it stops an `up` only: a preview with a login of few rights is fine. */
  readonly atUpOnly: boolean;
  /** Given where the finding is itself a difference of the estate, which no step mends: Preflight is open because of it. */
  readonly drift?: FindingDrift;
}

/** A difference that a person mends. */
export interface FindingDrift {
  /** The resource that it is a matter of. */
  readonly resource: ResourceKind;
  readonly property: string;
  readonly desired: string;
  readonly observed: string;
  readonly severity: "protection" | "service";
  /** When it was last as desired, where the instance tells. */
  readonly since?: Since;
}

/** One batch or cmdlet that a step would send. */
export interface PlannedStatement {
  /** @@SERVERNAME of the instance, or `Management Shell`. */
  readonly where: string;
  readonly text: string;
}

/** One step between what is and what shall be. */
export interface PlanStep {
  readonly key: StepKey;
  readonly id: StepId;
  readonly resource: ResourceKind;
  readonly title: string;
  /** Steps of one stage do not wait for one another; a step waits for every smaller stage. */
  readonly stage: number;
  /** Instance or shell, for people. */
  readonly where: string;
  readonly role: InstanceRole | "shell";
  readonly now: string;
  readonly then: string;
  /** Something is left to do. */
  readonly open: boolean;
  /** What is left to do; empty when the step is done. */
  readonly reason: string;
  /** Open, but later steps need not wait: all that is left is to wait for sessions that the fence will end. */
  readonly courtesy: boolean;
  /** Why a step that a planned move would do is left out; empty when it is not. */
  readonly skipped: string;
  /** A copy moves, or log shipping is set up: Preflight probes accounts and folders before the first change. */
  readonly probed: boolean;
  readonly statements: readonly PlannedStatement[];
  /** Seconds by sizes and history; null when neither says anything. */
  readonly estimateSeconds: number | null;
}

/** A step before the plan has put it into its place. */
export type StepBody = Omit<PlanStep, "stage" | "courtesy" | "probed" | "skipped"> & {
  /** Empty unless given. */
  readonly skipped?: string;
  readonly courtesy?: boolean;
  /** False unless given. */
  readonly probed?: boolean;
};

/** The plan of one pool. */
export interface Plan {
  /** `pool.name` of the configuration. */
  readonly pool: string;
  readonly authority: Authority;
  readonly findings: readonly Finding[];
  /** In the order of execution. */
  readonly steps: readonly PlanStep[];
  /** The primary's copy will be given up and is not saved yet: Preflight saves it at `up`, before F1. */
  readonly salvage: PlannedStatement | null;
}
