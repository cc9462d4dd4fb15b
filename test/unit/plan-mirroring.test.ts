import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { mirrorSetDescription } from "../../estate/leftovers";
import type { DatabaseObservation, InstanceObservation } from "../../estate/observation-types";
import { openSteps, plan, refusalOf, stepOf } from "../../estate/plan";
import { sectionOf } from "../../estate/plan-inputs";
import type { StepKey } from "../../estate/plan-types";
import {
  backupSet,
  database,
  desired,
  files,
  forks,
  guid,
  instance,
  mirrored,
  observation,
  type Parts,
  rawConfiguration,
  restore,
  secondaryRow,
  steady,
  steadyPrimary,
  steadyShell,
} from "./support/estate";

/** The primary site's configuration with other members. */
const site = (change: Record<string, unknown>) => ({
  ...(rawConfiguration().pools[0]?.["primary"] as object),
  ...change,
});
const alone = steadyPrimary({}, { mirroring: null });
const own = desired({ mirroring: { by: "ALTER DATABASE" } });
const loose = desired({ mirroring: { by: "ALTER DATABASE", dropLeftovers: true } });
const openKeys = (parts: Parts, want = own): StepKey[] => openSteps(plan(steady(parts), want)).map((step) => step.key);
const findings = (parts: Parts, want = own): string[] => plan(steady(parts), want).findings.map((one) => one.id);
const text = (parts: Parts, key: StepKey, want = own): string =>
  stepOf(plan(steady(parts), want), key)
    .statements.map((one) => `${one.where}: ${one.text}`)
    .join("\n");
const mirrorInstance = (chat: Partial<DatabaseObservation>, change: Partial<InstanceObservation> = {}) =>
  instance("SQL-P2", { databases: [database("mgc", chat)], ...change });
const leftover = mirrorInstance({ state: "RESTORING" }, { files: files({ fork: forks.primary, lsn: "2500" }) });

describe("the mirror of the primary site", () => {
  it("is made again, each database for itself, only where it is missing and asked for", () => {
    assert.deepEqual(openKeys({ primary: alone }), ["F8-chat"]);
    const noneMirrored = steadyPrimary({
      databases: [{ ...database("mgc"), ...alone.databases[0] }, database("mgccomp")],
    });
    assert.deepEqual(openKeys({ primary: noneMirrored }), ["F8-chat", "F8-compliance"]);
    assert.deepEqual(openKeys({ primary: noneMirrored }, desired({ mirroring: { compliance: false } })), ["F8-chat"]);
    assert.deepEqual(
      openKeys({ primary: noneMirrored }, desired({ mirroring: { chat: false, compliance: false } })),
      [],
    );
    const withoutMirror = desired({ primary: site({ mirror: undefined }) });
    assert.deepEqual(openKeys({ primary: noneMirrored, primaryMirror: null }, withoutMirror), []);
  });

  it("is taken for what it is where the site's principal has moved", () => {
    const principal = steadyPrimary({}, { mirroring: mirrored("SQL-P1") });
    const [chat] = principal.databases;
    assert.ok(chat !== undefined);
    const asMirror = { state: "RESTORING", mirroring: mirrored("SQL-P2", "MIRROR") };
    const moved: Parts = {
      primary: steadyPrimary({ databases: [database("mgc", asMirror), database("mgccomp", asMirror)], sessions: [] }),
      primaryMirror: { ...principal, server: leftover.server, databases: [chat, { ...chat, name: "mgccomp" }] },
    };
    assert.deepEqual(
      openKeys(moved).filter((key) => key.startsWith("F8")),
      [],
    );
  });

  it("tells partner and session as they are, and as they shall be", () => {
    const whole = plan(steady({ primary: alone }), own);
    const section = sectionOf(steady({ primary: alone }), own, whole, "F8-chat");
    const inputs = { instance: "SQL-P1", database: "mgc", partner: "none", session: "none" };
    assert.deepEqual(section, { inputs, step: "open: mgc is not mirrored" });
    const suspended = steadyPrimary({}, { mirroring: { ...mirrored("SQL-P2"), state: "SUSPENDED" } });
    const shown = sectionOf(steady({ primary: suspended }), own, plan(steady({ primary: suspended }), own), "F8-chat");
    assert.deepEqual(shown.inputs, { ...inputs, partner: "SQL-P2", session: "suspended" });
  });

  it("is resumed where it was suspended, and only told of where its partner is away", () => {
    const session = (state: string) => ({
      primary: steadyPrimary({}, { mirroring: { ...mirrored("SQL-P2"), state } }),
    });
    assert.deepEqual(openKeys(session("SUSPENDED")), ["F8-chat"]);
    assert.equal(text(session("SUSPENDED"), "F8-chat"), "SQL-P1: ALTER DATABASE [mgc] SET PARTNER RESUME;");
    assert.deepEqual(openKeys(session("DISCONNECTED")), []);
    assert.deepEqual(findings(session("DISCONNECTED")), ["mirror-disconnected:mgc"]);
    for (const state of ["SYNCHRONIZED", "SYNCHRONIZING", "PENDING_FAILOVER"]) {
      assert.deepEqual([openKeys(session(state)), findings(session(state))], [[], []], state);
    }
  });

  it("sends a full and a log backup through its folder, then names the mirror's partner before the principal's", () => {
    const sent = text({ primary: alone }, "F8-chat");
    const order = [
      /SQL-P1: BACKUP DATABASE \[mgc\] TO DISK = N'\\\\files\.dci\.discovery\.com\\lslogs\\mirror\\mgc_mirror_SQL-P1_<run>\.bak'/,
      /SQL-P2: IF EXISTS [^]*state <> 1\)[^]*RAISERROR[^]*RESTORE DATABASE \[mgc\][^]*NORECOVERY/,
      /SQL-P1: BACKUP LOG \[mgc\]/,
      /SQL-P2: RESTORE LOG \[mgc\]/,
      /SQL-P2: ALTER DATABASE \[mgc\] SET PARTNER = N'TCP:\/\/sql-p1\.dci\.discovery\.com:5022'/,
      /SQL-P1: ALTER DATABASE \[mgc\] SET PARTNER = N'TCP:\/\/sql-p2\.dci\.discovery\.com:5022'/,
    ].map((part) => sent.search(part));
    assert.ok(
      order.every((at, index) => at >= 0 && at >= (order[index - 1] ?? 0)),
      sent,
    );
  });

  it("takes no link out of a log chain that others go on with", () => {
    const log = backupSet({
      type: "L",
      serverName: "SQL-P1",
      lastRecoveryForkGuid: forks.primary,
      backupSetUuid: guid("8"),
    });
    const copyOnly = (sets: InstanceObservation["backupSets"]): number =>
      text({ primary: steadyPrimary({ backupSets: sets }, { mirroring: null }) }, "F8-chat").match(/COPY_ONLY/g)
        ?.length ?? 0;
    assert.equal(copyOnly([log]), 2);
    assert.equal(copyOnly([]), 0);
    assert.equal(copyOnly([{ ...log, isCopyOnly: true }]), 0, "a copy-only set begins no chain");
    assert.equal(copyOnly([{ ...log, lastRecoveryForkGuid: forks.older }]), 0, "another recovery path");
    assert.equal(copyOnly([{ ...log, serverName: "SQL-B1" }]), 0, "a set that was restored here");
  });

  it("is left to the product unless it is told otherwise, which is given host and instance of the topology", () => {
    const stores = { PersistentChatDatabase: String.raw`sql-p1.dci.discovery.com\rtc` };
    const named = desired({ primary: site({ principal: { server: String.raw`SQL-P1\RTC`, host: "10.0.0.1" } }) });
    const seen = steady({
      primary: { ...alone, server: { ...alone.server, serverName: String.raw`SQL-P1\RTC` } },
      shell: steadyShell({ stores }),
    });
    assert.deepEqual(
      stepOf(plan(seen, named), "F8-chat").statements.map((one) => one.text),
      [
        "Install-CsMirrorDatabase -DatabaseType 'PersistentChat' -SqlServerFqdn 'sql-p1.dci.discovery.com' -SqlInstanceName 'RTC' " +
          "-FileShare ([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String('XFxmaWxlcy5kY2kuZGlzY292ZXJ5LmNvbVxsc2xvZ3NcbWlycm9y'))) " +
          "-Confirm:$false -ErrorAction Stop",
      ],
    );
  });

  const noEndpoint = { ...instance("SQL-P2"), server: { ...instance("SQL-P2").server, mirroringPort: null } };
  const obstacles: readonly (readonly [string, string, Parts])[] = [
    ["its instance does not answer", "mirror-unreachable:SQL-P2", { primaryMirror: null }],
    ["a copy there is online", "mirror-online:mgc", { primaryMirror: mirrorInstance({}) }],
    [
      "a copy there is in another session",
      "mirror-of-another:mgc",
      { primaryMirror: mirrorInstance({ state: "RESTORING", mirroring: mirrored("SQL-X", "MIRROR") }) },
    ],
    [
      "a copy there is a log shipping secondary",
      "mirror-ships:mgc",
      { primaryMirror: { ...leftover, logShippingSecondary: [secondaryRow()] } },
    ],
    ["a leftover stands there", "mirror-leftover:mgc", { primaryMirror: leftover }],
    [
      "a copy there has no position, and nothing says that we left it so",
      "mirror-leftover:mgc",
      { primaryMirror: { ...leftover, files: files("incomplete") } },
    ],
    ["it has no endpoint", "no-endpoint:SQL-P2", { primaryMirror: noEndpoint }],
    [
      "the principal is in another session",
      "mirrored-elsewhere:mgc",
      { primary: steadyPrimary({}, { mirroring: mirrored("SQL-X") }) },
    ],
    [
      "the principal is in another recovery model",
      "not-mirrorable:mgc",
      { primary: steadyPrimary({}, { mirroring: null, recoveryModel: "SIMPLE" }) },
    ],
  ];
  for (const [what, id, parts] of obstacles) {
    it(`is told of, sends nothing and stops nothing else while ${what}`, () => {
      const whole = plan(steady({ primary: alone, ...parts }), own);
      const [finding] = whole.findings;
      assert.deepEqual([finding?.id, finding?.severity], [id, "warning"]);
      assert.deepEqual(stepOf(whole, "F8-chat").statements, []);
      assert.equal(stepOf(whole, "F8-chat").open, true);
      assert.equal(refusalOf(whole, "F8-chat"), undefined, "its own step says so in its turn");
    });
  }

  it("overwrites a leftover where that is allowed, if nothing is lost with it", () => {
    const backupMirror = instance("SQL-B2");
    assert.deepEqual(findings({ primary: alone, primaryMirror: leftover, backupMirror }, loose), []);
    assert.match(text({ primary: alone, primaryMirror: leftover }, "F8-chat", loose), /RESTORE DATABASE \[mgc\]/);
    const cut = { ...leftover, files: files("incomplete") };
    assert.deepEqual(findings({ primary: alone, primaryMirror: cut, backupMirror }, loose), []);
    const ours = backupSet({ serverName: "SQL-P1", description: mirrorSetDescription("7f3a") });
    const half = { ...cut, restoreHistory: [restore(ours)] };
    assert.deepEqual(findings({ primary: alone, primaryMirror: half, backupMirror }), []);
    const ahead = { ...leftover, files: files({ fork: forks.older, lsn: "1" }) };
    assert.deepEqual(findings({ primary: alone, primaryMirror: ahead, backupMirror }, loose), ["mirror-leftover:mgc"]);
    const product = desired({ mirroring: { dropLeftovers: true } });
    assert.match(
      text({ primary: alone, primaryMirror: leftover }, "F8-chat", product),
      /-DropExistingDatabasesOnMirror/,
    );
    assert.doesNotMatch(text({ primary: alone }, "F8-chat", product), /-DropExisting/);
  });

  it("keeps no failback from beginning, and is told of before it", () => {
    const whole = plan(observation({ primaryMirror: null }), own);
    assert.equal(refusalOf(whole, "F1"), undefined);
    assert.deepEqual(
      whole.findings.map((one) => [one.id, one.severity]),
      [["mirror-unreachable:SQL-P2", "warning"]],
    );
  });
});

describe("what the backup's mirror kept", () => {
  const formerMirror = (fork: string) =>
    instance("SQL-B2", {
      databases: [database("mgc", { state: "RESTORING" })],
      files: files({ fork, lsn: "2500" }),
    });

  it("stays unless the configuration lets it go", () => {
    assert.deepEqual(openKeys({}), []);
    assert.deepEqual(findings({}), []);
  });

  it("is dropped after the chat is back, as far as nothing is lost with it", () => {
    const kept = formerMirror(forks.primary);
    assert.deepEqual(openKeys({ backupMirror: kept }, loose), ["F8-leftovers"]);
    assert.match(text({ backupMirror: kept }, "F8-leftovers", loose), /^SQL-B2: [^]*DROP DATABASE \[mgc\];$/);
    const seen = steady({ backupMirror: kept });
    const section = sectionOf(seen, loose, plan(seen, loose), "F8-leftovers");
    assert.deepEqual(section.inputs, { instance: "SQL-B2", leftovers: ["mgc"] });
  });

  it("is kept, and told of, when it may hold what no other copy does", () => {
    const other = formerMirror(forks.older);
    assert.deepEqual(openKeys({ backupMirror: other }, loose), []);
    assert.deepEqual(findings({ backupMirror: other }, loose), ["leftover-kept:mgc"]);
  });

  it("is part of the plan from the beginning, while it still is a mirror", () => {
    const asMirror = { state: "RESTORING", mirroring: mirrored("SQL-B1", "MIRROR") };
    const databases = [database("mgc", asMirror), database("mgccomp", asMirror)];
    const beginning = observation({ backupMirror: instance("SQL-B2", { databases }) });
    const step = stepOf(plan(beginning, loose), "F8-leftovers");
    assert.equal(step.now, "mgc, mgccomp RESTORING");
    assert.match(refusalOf(plan(beginning, loose), "F8-leftovers")?.message ?? "", /F1 is still open/);
    assert.equal(stepOf(plan(beginning, own), "F8-leftovers").open, false);
  });
});

describe("the proof that the chat is back", () => {
  const silent = steadyPrimary({ sessions: [] });

  it("is open while nobody is connected, and after whatever else is open before it", () => {
    assert.deepEqual(openKeys({ primary: silent }), ["F7b"]);
    const empty = { shell: steadyShell({ activeServers: [] }) };
    const step = stepOf(plan(steady(empty), own), "F7b");
    assert.equal(step.reason, "to be proved after F6");
    assert.equal(stepOf(plan(steady({ ...empty, primary: silent }), own), "F7b").reason, "no chat server is connected");
    assert.deepEqual(openKeys({ primary: alone }), ["F8-chat"], "a mirror says nothing of the chat");
  });

  it("takes a ping that moved for a chat server at work", () => {
    const ping = { serverAddress: "net.tcp://chat-p1.dci.discovery.com:8011/", lastPingTime: "2013-05-01T02:20:01" };
    const pinged = (moved: boolean) =>
      steadyPrimary({ sessions: [], content: { ...contentOf(silent), pings: [{ ...ping, moved }] } });
    assert.deepEqual(openKeys({ primary: pinged(true) }), []);
    assert.deepEqual(openKeys({ primary: pinged(false) }), ["F7b"]);
  });

  it("looks at pings, or sends a message where the site names its registrar", () => {
    assert.match(text({ primary: silent }, "F7b"), /^SQL-P1: SELECT [^]*FROM \[mgc\]\.dbo\.tblServerIdentity/);
    const registered = desired({ primary: site({ registrar: "fe.dci.discovery.com" }) });
    assert.match(
      text({ primary: silent }, "F7b", registered),
      /^Management Shell: Test-CsPersistentChatMessage -TargetFqdn 'fe\.dci\.discovery\.com'/,
    );
    const pings = desired({
      primary: site({ registrar: "fe.dci.discovery.com" }),
      health: { check: "pings" },
    });
    assert.match(text({ primary: silent }, "F7b", pings), /^SQL-P1: SELECT/);
  });

  it("shows what the chat servers do, and what they shall do", () => {
    const shown = (parts: Parts) => sectionOf(steady(parts), own, plan(steady(parts), own), "F7b").inputs["service"];
    assert.equal(shown({ primary: silent }), "not running");
    assert.equal(shown({ shell: steadyShell({ activeServers: [] }) }), "to be proved");
    assert.equal(shown({}), "running");
  });

  it("keeps the mirror waiting", () => {
    const whole = plan(
      steady({ primary: steadyPrimary({ sessions: [] }, { mirroring: null }), shell: steadyShell() }),
      own,
    );
    assert.match(refusalOf(whole, "F8-chat")?.message ?? "", /F8-chat not begun: F7b is still open/);
    assert.equal(refusalOf(whole, "F7b"), undefined);
  });
});

function contentOf(given: InstanceObservation): NonNullable<InstanceObservation["content"]> {
  assert.ok(given.content !== null);
  return given.content;
}
