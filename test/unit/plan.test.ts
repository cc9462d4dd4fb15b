import assert from "node:assert/strict";
import type { Desired } from "../../estate/desired";
import type { DatabaseObservation, InstanceObservation, Observation } from "../../estate/observation-types";
import { errorsOf, openSteps, plan, planLines, planWords, refusalOf, setToVerify, stepOf } from "../../estate/plan";
import { sectionOf } from "../../estate/plan-inputs";
import { failbackKeys, type StepKey } from "../../estate/plan-types";
import { fenceEvidence, salvageMark } from "../../estate/relations";
import {
  backupSet,
  chatSession,
  content,
  database,
  desired,
  failedOverBackup,
  fencedBackup,
  files,
  forks,
  instance,
  mirrored,
  observation,
  type Parts,
  rebuiltPrimary,
  restore,
  restoredPrimary,
  shell,
  steady,
  steadyBackup,
  steadyPrimary,
  steadyShell,
} from "./support/estate";

const wanted = desired();
const openKeys = (seen: Observation, want: Desired = wanted): StepKey[] =>
  openSteps(plan(seen, want)).map((step) => step.key);
const errors = (seen: Observation, want: Desired = wanted): string[] =>
  errorsOf(plan(seen, want), true).map((one) => one.id);
const cleared = shell({ activeServers: [] });
const set = backupSet();

describe("plan of a failback", () => {
  const after: StepKey[] = ["F7b", "F8-chat", "F8-compliance"];
  const all: StepKey[] = ["F1", "F2-chat", "F2-compliance", "F2b", "F3", "F4", "F5", "F6", "F7", ...after];

  /** The estate after each step of the failback, and what must then still be open. */
  const unmirrored = () => failedOverBackup({ databases: [database("mgc"), database("mgccomp")] });
  const seeded = (change: Partial<InstanceObservation> = {}) =>
    steadyBackup({ backupSets: [set], files: files({ fork: forks.primary, lsn: "2100" }), ...change });
  const shipping = restoredPrimary(set, { logShippingPrimary: steadyPrimary().logShippingPrimary });
  const inUse = (chat: Partial<DatabaseObservation> = {}) =>
    restoredPrimary(set, { logShippingPrimary: shipping.logShippingPrimary, sessions: [chatSession("CHAT-P1")] }, chat);
  const stages: readonly (readonly [string, Parts, readonly StepKey[]])[] = [
    ["at the beginning", {}, all],
    ["after F1", { shell: cleared }, all.slice(1)],
    ["after F2", { shell: cleared, backup: unmirrored() }, all.slice(3)],
    ["after the fence", { shell: cleared, backup: fencedBackup() }, all.slice(4)],
    ["after F3", { shell: cleared, backup: fencedBackup({ backupSets: [set] }) }, all.slice(5)],
    [
      "in the middle of F4",
      {
        shell: cleared,
        backup: fencedBackup({ backupSets: [set] }),
        primary: rebuiltPrimary(
          { files: files("incomplete"), content: null },
          { state: "RESTORING", familyGuid: null },
        ),
      },
      all.slice(5),
    ],
    [
      "restored, still read-only",
      {
        shell: cleared,
        backup: fencedBackup({ backupSets: [set] }),
        primary: restoredPrimary(set, {}, { isReadOnly: true }),
      },
      all.slice(5),
    ],
    [
      "after F4",
      { shell: cleared, backup: fencedBackup({ backupSets: [set] }), primary: restoredPrimary(set) },
      all.slice(6),
    ],
    [
      "in the middle of F5's restore",
      {
        shell: cleared,
        backup: seeded({ files: files("incomplete"), logShippingSecondary: [] }),
        primary: restoredPrimary(set),
      },
      all.slice(6),
    ],
    ["after F5", { shell: cleared, backup: seeded(), primary: shipping }, all.slice(7)],
    [
      "after F6",
      { shell: steadyShell({ poolState: "FailedOver" }), backup: seeded(), primary: shipping },
      all.slice(8),
    ],
    ["after F7", { shell: steadyShell(), backup: seeded(), primary: shipping }, all.slice(9)],
    ["after F7b", { shell: steadyShell(), backup: seeded(), primary: inUse() }, all.slice(10)],
    [
      "after the first of F8",
      { shell: steadyShell(), backup: seeded(), primary: inUse({ mirroring: mirrored("SQL-P2") }) },
      all.slice(11),
    ],
    [
      "after F8",
      { shell: steadyShell(), backup: seeded(), primary: steadyPrimary({ restoreHistory: [restore(set)] }) },
      [],
    ],
  ];

  for (const [when, parts, expected] of stages) {
    it(`${when}: ${expected.join(" ") || "nothing"} is open`, () => {
      const seen = observation(parts);
      const whole = plan(seen, wanted);
      assert.deepEqual(openKeys(seen), expected, whole.authority.evidence.join("\n"));
      assert.deepEqual(errorsOf(whole, true), []);
      for (const step of openSteps(whole)) {
        assert.ok(step.reason.length > 0, step.key);
        assert.ok(step.courtesy || step.statements.length > 0, step.key);
      }
      // Only the first open stage may begin; all others name it.
      const [first] = openSteps(whole);
      for (const step of whole.steps.filter((one) => one.key !== "F0")) {
        const refused = refusalOf(whole, step.key);
        if (first === undefined || step.stage <= first.stage) assert.equal(refused, undefined, step.key);
        else assert.match(refused?.message ?? "", new RegExp(`${step.key} not begun: ${first.key} is still open`));
      }
      assert.equal(stepOf(whole, "F0").open, expected.length > 0);
    });
  }

  it("says where it begins, in lines that are numbered and aligned, and in words that do not move", () => {
    const whole = plan(observation(), wanted);
    const lines = planLines(whole);
    assert.match(lines[0] ?? "", /^Pool pool1, authority: backup: .* \[row 9\]$/);
    const numbered = lines.filter((line) => /^\d+\./.test(line));
    assert.equal(numbered.length, 12);
    const column = numbered.map((line) => line.indexOf("=>"));
    assert.equal(new Set(column).size, 1, lines.join("\n"));
    assert.match(numbered[0] ?? "", /1\. +F1 +Clear the active servers +Management Shell +chat-b1, chat-b2/);
    const busier = observation({ backup: failedOverBackup({ content: content(500), sessions: [] }) });
    assert.deepEqual(planWords(plan(busier, wanted)), planWords(whole));
    assert.deepEqual(planLines(plan(steady(), wanted)), [
      "Pool pool1, authority: primary: the pool runs on the primary and the backup follows it [row 28]",
      "Nothing to do.",
    ]);
  });

  it("sends what the runbook says", () => {
    const whole = plan(observation(), wanted);
    const text = (key: StepKey): string =>
      stepOf(whole, key)
        .statements.map((one) => `${one.where}: ${one.text}`)
        .join("\n");
    assert.match(text("F1"), /Set-CsPersistentChatActiveServer .*-ActiveServers \$Null -Confirm:\$false/);
    assert.match(text("F2-compliance"), /SQL-B1: [^]*ALTER DATABASE \[mgccomp\] SET PARTNER OFF/);
    assert.match(text("F2b"), /ALTER DATABASE \[mgc\] SET READ_ONLY WITH ROLLBACK IMMEDIATE/);
    assert.match(
      text("F3"),
      /SQL-B1: BACKUP DATABASE \[mgc\] TO DISK = N'\\\\files\.dci\.discovery\.com\\lslogs\\failback\\mgc_full_<run>\.bak'\nWITH FORMAT, INIT, SKIP, CHECKSUM/,
    );
    assert.match(text("F3"), /SQL-P1: RESTORE VERIFYONLY/);
    assert.match(
      text("F4"),
      /USE \[mgc\];\nALTER DATABASE \[mgc\] SET SINGLE_USER WITH ROLLBACK IMMEDIATE;\nUSE \[master\];\nRESTORE DATABASE \[mgc\]/,
    );
    assert.match(
      text("F4"),
      /REPLACE, RECOVERY, CHECKSUM, STATS = 5, MOVE N'mgc' TO N'D:\\SQLData\\mgc\.mdf', MOVE N'mgc_log' TO/,
    );
    const order = [
      "sp_add_log_shipping_primary_database",
      "BACKUP DATABASE",
      "NORECOVERY",
      "sp_add_log_shipping_secondary_primary",
      "@enabled = 1;",
    ];
    const at = order.map((word) => text("F5").indexOf(word));
    assert.deepEqual(
      at,
      [...at].sort((left, right) => left - right),
    );
    assert.ok(
      at.every((position) => position >= 0),
      text("F5"),
    );
    assert.match(text("F7"), /-PoolState 'Normal'/);
    for (const step of whole.steps) for (const one of step.statements) assert.doesNotMatch(one.text, /\bTHROW\b/);
  });

  it("does the pool's state before the active servers when asked to", () => {
    const stateFirst = desired({ activation: "state-first" });
    const keys = openKeys(observation(), stateFirst);
    assert.deepEqual(keys.slice(-5), ["F7", "F6", ...after]);
    const whole = plan(steady({ shell: shell({ activeServers: [] }) }), stateFirst);
    assert.match(refusalOf(whole, "F6")?.message ?? "", /F7 is still open/);
    assert.equal(refusalOf(whole, "F7"), undefined);
  });

  it("takes the backup anew when the fence was lifted, the file is bad, or the backup moved on", () => {
    const lifted = backupSet({ description: `pchat-dr ${fenceEvidence({ bytesWritten: "1", serverStartTime: "x" })}` });
    assert.ok(openKeys(observation({ shell: cleared, backup: fencedBackup({ backupSets: [lifted] }) })).includes("F3"));
    const verification = {
      backupSetUuid: set.backupSetUuid,
      file: set.physicalDeviceName ?? "",
      valid: false,
      message: "3189",
    };
    const primary = rebuiltPrimary({ verification });
    const damaged = observation({ shell: cleared, backup: fencedBackup({ backupSets: [set] }), primary });
    assert.ok(openKeys(damaged).includes("F3"));
    assert.match(stepOf(plan(damaged, wanted), "F3").reason, /3189/);
    const more = fencedBackup({ backupSets: [set], content: content(101) });
    assert.ok(openKeys(observation({ shell: cleared, backup: more, primary: restoredPrimary(set) })).includes("F3"));
  });

  it("names the set that is worth verifying, only while it is to be restored", () => {
    const before = observation({ shell: cleared, backup: fencedBackup({ backupSets: [set] }) });
    assert.deepEqual(setToVerify(before, wanted), { uuid: set.backupSetUuid, file: set.physicalDeviceName });
    const after = observation({
      shell: cleared,
      backup: fencedBackup({ backupSets: [set] }),
      primary: restoredPrimary(set),
    });
    assert.equal(setToVerify(after, wanted), undefined);
    assert.equal(setToVerify(steady(), wanted), undefined);
    assert.equal(setToVerify(observation(), wanted), undefined);
  });

  it("waits for sessions before the fence as a courtesy only", () => {
    const lingering = {
      sessionId: 70,
      database: "mgccomp",
      hostName: "CHAT-B1",
      programName: "Compliance",
      loginName: "x",
      loginTime: "",
      lastBatch: "",
      openTransactions: 0,
      command: "",
    };
    const whole = plan(observation({ shell: cleared, backup: failedOverBackup({ sessions: [lingering] }) }), wanted);
    assert.equal(stepOf(whole, "F1").open, true);
    assert.equal(stepOf(whole, "F1").courtesy, true);
    assert.equal(refusalOf(whole, "F2-chat"), undefined);
    const fenced = observation({ shell: cleared, backup: fencedBackup({ sessions: [lingering] }) });
    assert.equal(openKeys(fenced).includes("F1"), false);
    const replica = {
      replicaFqdn: "chat-b1.dci.discovery.com",
      upToDate: false,
      lastStatusReport: null,
      lastUpdateCreation: null,
    };
    const behind = plan(observation({ shell: { ...cleared, replication: [replica] } }), wanted);
    assert.match(refusalOf(behind, "F2-chat")?.message ?? "", /not replicated to chat-b1/);
  });

  it("saves a copy that is given up before anything else", () => {
    const acknowledged = desired({ acknowledge: { privateTail: forks.primary } });
    const primary = steadyPrimary({ content: content(90), logShippingPrimary: [], sessions: [] }, { mirroring: null });
    const whole = plan(observation({ primary }), acknowledged);
    assert.match(whole.salvage?.text ?? "", /SET READ_ONLY[^]*COPY_ONLY[^]*pchat-dr salvage <run>/);
    assert.match(refusalOf(whole, "F1")?.message ?? "", /not saved to the share yet/);
    const salvage = backupSet({
      serverName: "SQL-P1",
      isCopyOnly: true,
      description: `${salvageMark} 7f3a ${fenceEvidence({ bytesWritten: "5000", serverStartTime: "2013-04-01T00:00:00" })}`,
      lastRecoveryForkGuid: forks.primary,
    });
    const given = { backupSets: [salvage], logShippingPrimary: [], sessions: [] };
    const fenced = steadyPrimary({ ...given, content: content(90) }, { mirroring: null, isReadOnly: true });
    const saved = plan(observation({ primary: fenced }), acknowledged);
    assert.equal(saved.salvage, null);
    assert.equal(refusalOf(saved, "F1"), undefined);
    // Somebody went on writing there: what he wrote is in no copy but this one.
    const written = { ...fenced, logWrites: { bytesWritten: "6000", serverStartTime: "2013-04-01T00:00:00" } };
    assert.match(
      refusalOf(plan(observation({ primary: written }), acknowledged), "F4")?.message ?? "",
      /not saved to the share yet/,
    );
  });

  it("refuses every step while authority is unclear", () => {
    const whole = plan(observation({ primary: null }), wanted);
    assert.deepEqual(openSteps(whole), []);
    for (const key of failbackKeys) assert.equal(refusalOf(whole, key)?.code, "AUTHORITY_UNCLEAR");
    assert.equal(errorsOf(whole, false).length, 1);
    assert.match(errorsOf(whole, false)[0]?.message ?? "", /127\.0\.0\.1 \(primary\): no answer within 15 s/);
  });

  it("yields no step that writes for any mix of copies that authority refuses", () => {
    const primaries = [
      null,
      rebuiltPrimary(),
      rebuiltPrimary({ content: content(5) }),
      rebuiltPrimary({ files: files("incomplete"), content: null }, { state: "RESTORING" }),
      rebuiltPrimary({ content: null }, { state: "SUSPECT" }),
      rebuiltPrimary({}, { mirroring: mirrored("SQL-X", "MIRROR"), state: "RESTORING" }),
      steadyPrimary({ content: content(90) }),
      steadyPrimary({ content: content(100) }),
      restoredPrimary(set),
      restoredPrimary(set, { content: content(101) }),
      restoredPrimary(set, { content: null }),
      instance("SQL-P1"),
    ];
    const backups = [
      null,
      failedOverBackup(),
      failedOverBackup({ backupSets: [set] }, { mirroring: null }),
      fencedBackup(),
      fencedBackup({ backupSets: [set] }),
      fencedBackup({ backupSets: [set], content: null }),
      failedOverBackup({}, { state: "SUSPECT", mirroring: null }),
      steadyBackup(),
      steadyBackup({ backupSets: [set] }),
      steadyBackup({ files: files("incomplete") }),
      instance("SQL-B1"),
    ];
    const shells = [null, shell(), cleared, steadyShell(), shell({ poolState: "Weird" })];
    const acknowledges = [{}, { privateTail: forks.primary }, { foreignData: forks.rebuilt, unreadablePrimary: true }];
    let seen = 0;
    for (const primary of primaries) {
      for (const backup of backups) {
        for (const console of shells) {
          for (const acknowledge of acknowledges) {
            const whole = plan(observation({ primary, backup, shell: console }), desired({ acknowledge }));
            seen += 1;
            const { outcome, allows } = whole.authority;
            const writing = whole.steps.filter(
              (step) => step.key !== "F0" && (step.open || step.statements.length > 0),
            );
            const context = `${whole.authority.evidence.join("\n")}`;
            assert.ok(
              writing.every((step) => allows.includes(step.id)),
              context,
            );
            if (outcome === "unclear") {
              assert.deepEqual(writing, [], context);
              assert.equal(whole.salvage, null, context);
              assert.ok(errorsOf(whole, false).length > 0, context);
              for (const key of failbackKeys) assert.ok(refusalOf(whole, key), context);
            }
            if (console === null) for (const key of failbackKeys.slice(1)) assert.ok(refusalOf(whole, key), context);
          }
        }
      }
    }
    assert.equal(seen, primaries.length * backups.length * shells.length * acknowledges.length);
  });
});

describe("plan of a steady estate", () => {
  it("has nothing to do", () => {
    const whole = plan(steady(), wanted);
    assert.deepEqual(openSteps(whole), []);
    assert.deepEqual(whole.findings, []);
    assert.equal(stepOf(whole, "F0").open, false);
    for (const key of failbackKeys) assert.equal(sectionOf(steady(), wanted, whole, key).step, "done", key);
  });

  it("mends the active servers alone, with the least change", () => {
    const list = ["chat-p1.dci.discovery.com", "chat-p3.dci.discovery.com"];
    const seen = steady({ shell: steadyShell({ activeServers: list }) });
    assert.deepEqual(openKeys(seen), ["F6", "F7b"]);
    assert.deepEqual(sectionOf(seen, wanted, plan(seen, wanted), "F6"), {
      inputs: { activeServers: list },
      step: "open: the list differs",
    });
    const reordered = steadyShell({ activeServers: ["CHAT-P2.dci.discovery.com", "chat-p1.dci.discovery.com"] });
    assert.deepEqual(openKeys(steady({ shell: reordered })), []);
  });

  it("seeds only where the secondary cannot follow", () => {
    const cut = steadyBackup({ files: files("incomplete") });
    const text = stepOf(plan(steady({ backup: cut }), wanted), "F5")
      .statements.map((one) => one.text)
      .join("\n");
    assert.match(text, /RESTORE DATABASE \[mgc\][^]*NORECOVERY/);
    const unregistered = steadyBackup({ logShippingSecondary: [] });
    const registered = stepOf(plan(steady({ backup: unregistered }), wanted), "F5")
      .statements.map((one) => one.text)
      .join("\n");
    assert.doesNotMatch(registered, /RESTORE DATABASE|BACKUP DATABASE/);
    assert.match(registered, /sp_add_log_shipping_secondary_database/);
    const damaged = steady({ backup: cut, primary: steadyPrimary({ suspectPages: 1 }) });
    assert.deepEqual(errors(damaged), ["suspect-pages:primary"]);
    assert.equal(refusalOf(plan(damaged, wanted), "F5")?.code, "PREFLIGHT_FAILED");
  });

  it("does not seed over a copy on another fork before its fork and LSN are named", () => {
    const otherFork = steady({ backup: steadyBackup({ files: files({ fork: forks.older, lsn: "3000" }) }) });
    const refused = plan(otherFork, wanted);
    assert.equal(refusalOf(refused, "F5")?.code, "AUTHORITY_UNCLEAR");
    assert.match(planLines(refused).join("\n"), /backup's copy is not known to be covered by the primary's: it is on/);
    const named = desired({ acknowledge: { backupCopy: { fork: forks.older, lsn: "3000" } } });
    assert.equal(refusalOf(plan(otherFork, named), "F5"), undefined);
  });

  it("sets the pool back to Normal where the backup never stopped following", () =>
    assert.deepEqual(openKeys(steady({ shell: steadyShell({ poolState: "FailedOver" }) })), ["F7", "F7b"]));

  it("lets F6 and F7 be mended while the backup does not answer", () => {
    const seen = steady({ backup: null, shell: steadyShell({ activeServers: [] }) });
    const whole = plan(seen, wanted);
    assert.deepEqual(openKeys(seen), ["F6", "F7b"]);
    assert.equal(refusalOf(whole, "F6"), undefined);
    assert.deepEqual(errorsOf(whole, true), []);
    assert.equal(whole.findings[0]?.id, "unreachable:backup");
  });
});

describe("what a preview shows", () => {
  it("shows the list as F1 will leave it, and each drifted property with its observed value", () => {
    const seen = observation();
    const whole = plan(seen, wanted);
    const section = (key: StepKey) => sectionOf(seen, wanted, whole, key);
    assert.deepEqual(section("F1").inputs, {
      activeServers: ["chat-b1.dci.discovery.com", "chat-b2.dci.discovery.com"],
    });
    assert.deepEqual(section("F6").inputs, { activeServers: [] });
    assert.deepEqual(section("F2-chat").inputs, { instance: "SQL-B1", database: "mgc", partner: "SQL-B2" });
    assert.deepEqual(section("F7").inputs, { poolState: "FailedOver" });
    assert.equal(section("F4").inputs["source"], "none");
    assert.deepEqual(section("F5").inputs, { primary: { server: "none" }, secondary: { server: "none" } });
    for (const key of failbackKeys.filter((one) => !["F8-leftovers", "F8-shipping"].includes(one))) {
      assert.match(section(key).step, /^open: ./, key);
    }
  });
});
