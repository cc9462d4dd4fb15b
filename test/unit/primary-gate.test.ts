import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { DrError } from "../../estate/errors";
import type { InstanceObservation, LogWriteCounter, Observation } from "../../estate/observation-types";
import { type PlanContext, contextOf } from "../../estate/plan-context";
import { primaryGateChecks } from "../../estate/primary-gate";
import { fenceEvidence, salvageMark } from "../../estate/relations";
import { restoreBackup } from "../../estate/steps/restore";
import type { Batch, StepContext } from "../../estate/steps/step-context";
import {
  backupSet,
  chatSession,
  content,
  desired,
  families,
  fencedBackup,
  forks,
  instance,
  observation,
  type Parts,
  rebuiltPrimary,
  restoredPrimary,
  shell,
} from "./support/estate";

const set = backupSet();
const written: LogWriteCounter = { bytesWritten: "6000", serverStartTime: "2013-04-01T00:00:00" };

/** Before F4: the backup fenced and backed up, nobody active, the primary rebuilt and empty. */
const ready = (parts: Parts = {}): Observation =>
  observation({ shell: shell({ activeServers: [] }), backup: fencedBackup({ backupSets: [set] }), ...parts });
const seen = (parts: Parts = {}, pool: Record<string, unknown> = {}): PlanContext =>
  contextOf(ready(parts), desired(pool));
const failed = (before: PlanContext, now: PlanContext): string[] =>
  primaryGateChecks(before, now).flatMap((check) => (check.holds ? [] : [check.found]));

describe("gate of the restore over the primary's copy", () => {
  it("passes where all is as it was when the step began", () => {
    assert.deepEqual(failed(seen(), seen()), []);
    for (const primary of [instance("SQL-P1", { content: null }), rebuiltPrimary({}, { state: "SUSPECT" })]) {
      const given = { acknowledge: { unreadablePrimary: true } };
      assert.deepEqual(failed(seen({ primary }, given), seen({ primary }, given)), []);
    }
  });

  it("takes a checkpoint for no write, and a row for one", () => {
    assert.deepEqual(failed(seen(), seen({ primary: rebuiltPrimary({ logWrites: written }) })), []);
    const unread = rebuiltPrimary({ logWrites: written, content: null });
    assert.ok(failed(seen(), seen({ primary: unread })).includes("content: unknown"));
    const grown = content(0, { tableRows: { "dbo.tblNode": 1, "dbo.tblConfig": 2 } });
    const other = rebuiltPrimary({ logWrites: written, content: grown });
    assert.deepEqual(failed(seen(), seen({ primary: other })), ["content: backupMore"]);
  });

  const acts: readonly (readonly [string, Parts, RegExp])[] = [
    ["lets chat in", { primary: rebuiltPrimary({ content: content(5), logWrites: written }) }, /P_FOREIGN_DATA/],
    ["connects a chat server", { primary: rebuiltPrimary({ sessions: [chatSession("chat-p1")] }) }, /BOTH_LIVE/],
    ["sets the pool Normal", { shell: shell({ activeServers: [], poolState: "Normal" }) }, /Normal, 0 active/],
    ["makes a server active", { shell: shell() }, /FailedOver, 2 active/],
    ["installs another database", { primary: rebuiltPrimary({}, { recoveryForkGuid: forks.older }) }, /fork 4444/],
    ["drops it", { primary: instance("SQL-P1", { content: null }) }, /no such database/],
    ["restores the very set by hand", { primary: restoredPrimary(set) }, /row 20/],
  ];
  for (const [what, parts, found] of acts) {
    it(`refuses when somebody meanwhile ${what}`, () => {
      assert.match(failed(seen(), seen(parts)).join("; "), found);
    });
  }

  it("refuses when one of the two does not answer", () => {
    assert.equal(failed(seen(), seen({ primary: null })).length, 1);
    assert.equal(failed(seen(), seen({ shell: null })).length, 1);
  });

  it("refuses a copy that was written to since it was saved", () => {
    const given = { acknowledge: { foreignData: forks.rebuilt } };
    const counter = { bytesWritten: "5000", serverStartTime: "2013-04-01T00:00:00" };
    const salvage = backupSet({
      serverName: "SQL-P1",
      isCopyOnly: true,
      description: `${salvageMark} 7f3a ${fenceEvidence(counter)}`,
      lastRecoveryForkGuid: forks.rebuilt,
      familyGuid: families.rebuilt,
    });
    const saved = (change: Partial<InstanceObservation> = {}) =>
      seen(
        { primary: rebuiltPrimary({ content: content(5), backupSets: [salvage], ...change }, { isReadOnly: true }) },
        given,
      );
    assert.deepEqual(failed(saved(), saved()), []);
    assert.deepEqual(failed(saved(), saved({ logWrites: written })), ["written to since it was saved"]);
  });
});

/** F4 over an estate that answers from these looks, one after the other; what it sends is kept. */
function step(looks: PlanContext[]): {
  readonly context: StepContext;
  readonly sent: string[];
  readonly facts: object[];
} {
  const [first] = looks;
  assert.ok(first?.primary && first.backup);
  const { primary, backup } = first;
  const sent: string[] = [];
  const facts: object[] = [];
  const header = {
    BackupType: 1,
    DatabaseName: "mgc",
    ServerName: "SQL-B1",
    IsDamaged: false,
    HasBackupChecksums: true,
    BackupSetGUID: set.backupSetUuid,
    FamilyGUID: families.pool,
    RecoveryForkID: forks.backup,
  };
  const file = { LogicalName: "mgc", PhysicalName: String.raw`D:\SQLData\mgc.mdf`, Type: "D", Size: 1 };
  const context: Partial<StepContext> = {
    desired: first.desired,
    plan: { authority: first.authority } as StepContext["plan"],
    step: { id: "F4", title: "", where: "SQL-P1" } as StepContext["step"],
    observe: () => Promise.resolve(looks.length > 1 ? (looks.shift() as PlanContext) : (looks[0] as PlanContext)),
    readInstance: (role) => Promise.resolve(role === "primary" ? primary : backup),
    readCopy: () => Promise.resolve(undefined),
    evidence: ({ doing }: Batch) =>
      Promise.resolve(doing.includes("HEADERONLY") ? [[header]] : doing.includes("FILELISTONLY") ? [[file]] : []),
    change: ({ doing }: Batch) => {
      sent.push(doing);
      return Promise.reject(new DrError({ code: "SQL_ERROR", summary: "sent" }));
    },
    verified: () => undefined,
    assertLocked: () => Promise.resolve(),
    readBack: (one) => facts.push(one),
    progress: () => undefined,
  };
  return { context: context as StepContext, sent, facts };
}

describe("F4", () => {
  it("looks at the primary again right before its restore, and sends none over what has changed", async () => {
    const { context, sent, facts } = step([seen(), seen({ primary: rebuiltPrimary({ content: content(5) }) })]);
    await assert.rejects(
      restoreBackup.converge(context),
      /restore over the primary's copy is refused[^]*P_FOREIGN_DATA/,
    );
    assert.deepEqual(sent, []);
    assert.ok(facts.some((one) => "pointOfNoReturn" in one));
  });

  it("restores where nothing has", async () => {
    const { context, sent } = step([seen(), seen()]);
    await assert.rejects(restoreBackup.converge(context), /sent/);
    assert.deepEqual(sent, ["RESTORE DATABASE [mgc] WITH RECOVERY"]);
  });

  it("only opens what came home, though the fence of its set cannot be proved after a restart", async () => {
    const earlier = backupSet({ description: "pchat-dr 7f3a F3 [fence 4000 2013-04-01T00:00:00]" });
    const came = seen({
      primary: restoredPrimary(earlier, {}, { userAccess: "SINGLE_USER" }),
      backup: fencedBackup({ backupSets: [earlier] }),
    });
    assert.ok(came.broughtHome && came.set === undefined);
    const { context, sent } = step([came]);
    // Both copies are compared on the instances themselves: there is none here, so it ends with that.
    const shown: string[] = [];
    const progress = (text: string): void => void shown.push(text);
    const estate = { instances: {} } as StepContext["estate"];
    await assert.rejects(restoreBackup.converge({ ...context, estate, progress }));
    assert.deepEqual([shown, sent], [["comparing the two copies, room by room"], []]);
  });
});
