import * as pulumi from "@pulumi/pulumi";
import { type Desired, wantsMirror } from "../estate/desired";
import { desiredInputs } from "../estate/plan-inputs";
import type { StepKey } from "../estate/plan-types";
import { ActiveServers, type ActiveServersArgs } from "../providers/active-servers";
import { ChatService, type ChatServiceArgs } from "../providers/chat-service";
import { ClearedActiveServers, type ClearedActiveServersArgs } from "../providers/cleared-active-servers";
import { DatabaseMirroring, type DatabaseMirroringArgs } from "../providers/database-mirroring";
import { DatabaseRecovery, type DatabaseRecoveryArgs } from "../providers/database-recovery";
import { LogBackupJob, type LogBackupJobArgs } from "../providers/log-backup-job";
import { PoolState, type PoolStateArgs } from "../providers/pool-state";
import { Preflight, type PreflightArgs } from "../providers/preflight";
import { RemovedLogShipping, type RemovedLogShippingArgs } from "../providers/removed-log-shipping";
import { RestoredLogs, type RestoredLogsArgs } from "../providers/restored-logs";
import { TailLogBackup, type TailLogBackupArgs } from "../providers/tail-log-backup";

/**
 * The chat of one pool on its backup site: Microsoft's failover runbook ("Failing over Persistent Chat Server", Lync Server
 * 2013). Steps keep the document's numbers; P1 to P3 close the primary first where it answers. Read from top to bottom it is
 * the order of execution.
 */
export class Failover extends pulumi.ComponentResource {
  /** Which copy of the chat database is the truth, as the last step saw it. */
  readonly authority: pulumi.Output<string>;
  readonly poolState: pulumi.Output<string>;
  readonly activeServers: pulumi.Output<string[]>;
  /** Path of the report of the last run that changed something. */
  readonly report: pulumi.Output<string>;

  constructor(name: string, desired: Desired, options: pulumi.ComponentResourceOptions = {}) {
    super("persistent-chat:Failover", name, {}, options);
    const inputs = <Args>(key: StepKey): Args => ({ pool: desired.pool.name, ...desiredInputs(desired, key) }) as Args;
    const after = (...steps: pulumi.Resource[]): pulumi.CustomResourceOptions => ({ parent: this, dependsOn: steps });

    // All that can be checked without a change; what is lost is said here.
    const preflight = new Preflight(`${name}-preflight`, inputs<PreflightArgs>("F0"), { parent: this });

    // P1. No active servers. P2. Mirroring off on the primary. P3. Its tail-log backup, which closes it.
    const cleared = new ClearedActiveServers(
      `${name}-cleared-active-servers`,
      inputs<ClearedActiveServersArgs>("P1"),
      after(preflight),
    );
    const unmirrored = new DatabaseMirroring(
      `${name}-primary-mirroring`,
      inputs<DatabaseMirroringArgs>("P2"),
      after(cleared),
    );
    const tail = new TailLogBackup(`${name}-tail`, inputs<TailLogBackupArgs>("P3"), after(unmirrored));

    // O2, O3. Copy and apply the log that is left.
    const logs = new RestoredLogs(`${name}-remaining-logs`, inputs<RestoredLogsArgs>("O3"), after(tail));

    // O1. Remove log shipping's configuration from the backup.
    const removed = new RemovedLogShipping(
      `${name}-removed-log-shipping`,
      inputs<RemovedLogShippingArgs>("O1"),
      after(logs),
    );

    // O4. Recover the backup's database.
    const recovery = new DatabaseRecovery(`${name}-recovery`, inputs<DatabaseRecoveryArgs>("O4"), after(removed));

    // O5. The pool's state: FailedOver. O7. The active servers of the backup site.
    const state = new PoolState(`${name}-pool-state`, inputs<PoolStateArgs>("O5"), after(recovery));
    const active = new ActiveServers(`${name}-active-servers`, inputs<ActiveServersArgs>("O7"), after(state));

    // O7b. Beyond the document: the chat is back. The outputs of the whole are those of this proof.
    const service = new ChatService(`${name}-chat-service`, inputs<ChatServiceArgs>("O7b"), after(active));

    // O8. Log backups for as long as the backup site serves. O6. The backup mirrored inside its site.
    const logBackups = new LogBackupJob(`${name}-log-backups`, inputs<LogBackupJobArgs>("O8"), after(service));
    for (const which of ["chat", "compliance"] as const) {
      if (!wantsMirror(desired, "backup", which)) continue;
      const mirror = inputs<DatabaseMirroringArgs>(`O6-${which}`);
      new DatabaseMirroring(`${name}-mirror-${which}`, mirror, after(logBackups));
    }

    this.authority = service.authority;
    this.poolState = service.poolState;
    this.activeServers = service.activeServers;
    this.report = service.report;
    this.registerOutputs({});
  }
}
