import * as pulumi from "@pulumi/pulumi";
import { type Desired, wantsMirror } from "../estate/desired";
import { desiredInputs } from "../estate/plan-inputs";
import { dropsLeftovers } from "../estate/plan-mirroring";
import { ActiveServers, type ActiveServersArgs } from "../providers/active-servers";
import { ChatService, type ChatServiceArgs } from "../providers/chat-service";
import { ClearedActiveServers, type ClearedActiveServersArgs } from "../providers/cleared-active-servers";
import { DatabaseBackup, type DatabaseBackupArgs } from "../providers/database-backup";
import { DatabaseMirroring, type DatabaseMirroringArgs } from "../providers/database-mirroring";
import { DatabaseRestore, type DatabaseRestoreArgs } from "../providers/database-restore";
import { DroppedMirrorCopies, type DroppedMirrorCopiesArgs } from "../providers/dropped-mirror-copies";
import { LogShipping, type LogShippingArgs } from "../providers/log-shipping";
import { PoolState, type PoolStateArgs } from "../providers/pool-state";
import { Preflight, type PreflightArgs } from "../providers/preflight";
import { WriteFence, type WriteFenceArgs } from "../providers/write-fence";
import type { StepKey } from "../estate/plan-types";

/**
 * The chat of one pool at home: Microsoft's failback runbook ("Failing back Persistent Chat Server", Lync Server 2013), one
 * resource per step, in the document's order. Read from top to bottom it is the runbook.
 */
export class Failback extends pulumi.ComponentResource {
  /** Which copy of the chat database is the truth, as the last step saw it. */
  readonly authority: pulumi.Output<string>;
  readonly poolState: pulumi.Output<string>;
  readonly activeServers: pulumi.Output<string[]>;
  /** Backup set that came home and its file; empty where the chat never left. */
  readonly backupSetId: pulumi.Output<string>;
  readonly backupFile: pulumi.Output<string>;
  /** Path of the report of the last run that changed something. */
  readonly report: pulumi.Output<string>;

  constructor(name: string, desired: Desired, options: pulumi.ComponentResourceOptions = {}) {
    super("persistent-chat:Failback", name, {}, options);
    const inputs = <Args>(key: StepKey): Args => ({ pool: desired.pool.name, ...desiredInputs(desired, key) }) as Args;
    const after = (...steps: pulumi.Resource[]): pulumi.CustomResourceOptions => ({ parent: this, dependsOn: steps });

    // F0. All that can be checked without a change.
    const preflight = new Preflight(`${name}-preflight`, inputs<PreflightArgs>("F0"), { parent: this });

    // F1. Remove all servers from the list of active servers.
    const cleared = new ClearedActiveServers(
      `${name}-cleared-active-servers`,
      inputs<ClearedActiveServersArgs>("F1"),
      after(preflight),
    );

    // F2. Remove mirroring of the backup's databases, then fence its mgc.
    const mirroring = [
      new DatabaseMirroring(`${name}-mirroring-chat`, inputs<DatabaseMirroringArgs>("F2-chat"), after(cleared)),
    ];
    if (desired.compliance !== false) {
      mirroring.push(
        new DatabaseMirroring(
          `${name}-mirroring-compliance`,
          inputs<DatabaseMirroringArgs>("F2-compliance"),
          after(cleared),
        ),
      );
    }
    const fence = new WriteFence(`${name}-write-fence`, inputs<WriteFenceArgs>("F2b"), after(...mirroring));

    // F3. Full backup of mgc to the share of log shipping.
    const backup = new DatabaseBackup(`${name}-backup`, inputs<DatabaseBackupArgs>("F3"), after(fence));

    // F4. Restore it on the primary: overwrite the existing database, leave it ready to use.
    const restore = new DatabaseRestore(`${name}-restore`, inputs<DatabaseRestoreArgs>("F4"), after(backup));

    // F5. Log shipping of the primary's mgc.
    const shipping = new LogShipping(`${name}-log-shipping`, inputs<LogShippingArgs>("F5"), after(restore));

    // F6. The active servers of the primary site. F7. The pool's state: Normal. In this order unless configured otherwise.
    const activate = (previous: pulumi.Resource): ActiveServers =>
      new ActiveServers(`${name}-active-servers`, inputs<ActiveServersArgs>("F6"), after(previous));
    const normalise = (previous: pulumi.Resource): PoolState =>
      new PoolState(`${name}-pool-state`, inputs<PoolStateArgs>("F7"), after(previous));
    const active =
      desired.pool.activation === "document" ? normalise(activate(shipping)) : activate(normalise(shipping));

    // F7b. Beyond the document: the chat is back. The outputs of the whole are those of this proof.
    const service = new ChatService(`${name}-chat-service`, inputs<ChatServiceArgs>("F7b"), after(active));

    // F8. Beyond the document: the primary site mirrored again, and what the backup's mirror kept, where asked for, dropped.
    for (const which of ["chat", "compliance"] as const) {
      if (!wantsMirror(desired, "primary", which)) continue;
      const mirror = inputs<DatabaseMirroringArgs>(`F8-${which}`);
      new DatabaseMirroring(`${name}-mirror-${which}`, mirror, after(service));
    }
    if (dropsLeftovers(desired, "backup")) {
      const leftovers = inputs<DroppedMirrorCopiesArgs>("F8-leftovers");
      new DroppedMirrorCopies(`${name}-dropped-mirror-copies`, leftovers, after(service));
    }

    this.authority = service.authority;
    this.poolState = service.poolState;
    this.activeServers = service.activeServers;
    this.backupSetId = service.backupSetId;
    this.backupFile = service.backupFile;
    this.report = service.report;
    this.registerOutputs({});
  }
}
