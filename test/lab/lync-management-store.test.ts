import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { WireValue } from "../../lab/control-protocol";
import { ManagementStore, unattended } from "../../lab/lync/management-store";
import { MANAGEMENT_HOST, estateTopology } from "../../lab/lync/topology";
import { CmdletFailure } from "../../lab/shell/error-record";

const POOL = "lyncpc.dci.discovery.com";
const chat = (name: string): string => `chat-${name}.dci.discovery.com`;
const BACKUP_SITE = ["b1", "b2", "b3", "b4"].map(chat);

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `${what} within 10 s`);
    await delay(5);
  }
}

describe("management store", () => {
  let directory: string;
  let store: ManagementStore;

  const open = (pools = 1): ManagementStore =>
    new ManagementStore(
      join(directory, "management-store.json"),
      estateTopology({
        pools,
        poolState: "FailedOver",
        administrators: [{ userName: "DCI\\lyncadmin", password: "right", roles: ["CsAdministrator"] }],
      }),
      { replicationDelayMs: 10 },
    );
  const run = (cmdlet: string, parameters: Record<string, WireValue> = {}): ReturnType<ManagementStore["execute"]> =>
    store.execute(cmdlet, parameters, unattended(MANAGEMENT_HOST));
  const active = async (): Promise<WireValue | undefined> =>
    (await run("Get-CsService", { PersistentChatServer: true }))[0]?.properties["ActiveServers"];
  const change = (entries: readonly (readonly [string, WireValue])[]): Promise<unknown> =>
    run("Set-CsPersistentChatActiveServer", { ActiveServers: { table: entries } });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lab-lync-"));
    store = open();
  });

  afterEach(() => {
    store.close();
    rmSync(directory, { recursive: true });
  });

  it("takes $Null, Add, Remove, Replace and a plain list for the active servers", async () => {
    assert.deepEqual(await active(), BACKUP_SITE);
    await run("Set-CsPersistentChatActiveServer", { ActiveServers: null });
    assert.deepEqual(await active(), []);
    await change([["Add", [chat("p1"), chat("P2")]]]);
    assert.deepEqual(await active(), [chat("p1"), chat("p2")]);
    await change([["Add", chat("p1")]]);
    assert.deepEqual(await active(), [chat("p1"), chat("p2")]);
    await change([
      ["Remove", chat("P1")],
      ["Add", chat("p3")],
    ]);
    assert.deepEqual(await active(), [chat("p2"), chat("p3")]);
    await change([["Replace", [chat("p4")]]]);
    assert.deepEqual(await active(), [chat("p4")]);
    await run("Set-CsPersistentChatActiveServer", { ActiveServers: [chat("b1"), chat("b2")] });
    assert.deepEqual(await active(), [chat("b1"), chat("b2")]);
  });

  it("swaps active and inactive servers", async () => {
    await run("Set-CsPersistentChatActiveServer", { Swap: true });
    assert.deepEqual(await active(), ["p1", "p2", "p3", "p4"].map(chat));
  });

  it("refuses a fifth server, a foreign machine and an unknown key, and changes nothing", async () => {
    const refused: readonly (readonly [readonly (readonly [string, WireValue])[], string])[] = [
      [[["Add", chat("p1")]], "TooManyActiveServers"],
      [[["Replace", "chat-x1.dci.discovery.com"]], "MachineNotInPool"],
      [[["Replace", "no name"]], "CannotConvertArgumentNoMessage"],
      [[["Insert", chat("p1")]], "CannotConvertArgumentNoMessage"],
      [
        [
          ["Replace", chat("p1")],
          ["Add", chat("p2")],
        ],
        "CannotConvertArgumentNoMessage",
      ],
    ];
    for (const [entries, errorId] of refused)
      await assert.rejects(
        change(entries),
        (error) => error instanceof CmdletFailure && error.data.errorId === errorId,
      );
    assert.deepEqual(await active(), BACKUP_SITE);
    assert.equal(store.snapshot.revision, 1);
  });

  it("changes the pool state under every documented spelling of the identity", async () => {
    const spellings = [
      `service:${POOL}`,
      `service: ${POOL}`,
      `PersistentChatServer:${POOL}`,
      `service:PersistentChatServer:${POOL}`,
      `SERVICE:${POOL.toUpperCase()}`,
    ];
    for (const [index, Identity] of spellings.entries()) {
      const PoolState = index % 2 === 0 ? "Normal" : "FailedOver";
      await run("Set-CsPersistentChatState", { Identity, PoolState });
      const [state] = await run("Get-CsPersistentChatState", { Identity });
      assert.equal(state?.properties["Identity"], `PersistentChatServer:${POOL}`);
      assert.deepEqual(state.properties["PoolState"], {
        enumeration: "Microsoft.Rtc.Management.WritableConfig.Settings.PersistentChat.PoolState",
        name: PoolState,
        value: PoolState === "Normal" ? 0 : 1,
      });
    }
  });

  it("refuses identities of no pool, and no identity where there are two pools", async () => {
    for (const [Identity, category] of [
      ["service:other.dci.discovery.com", "ObjectNotFound"],
      ["nonsense", "InvalidArgument"],
    ] as const)
      await assert.rejects(
        run("Set-CsPersistentChatState", { Identity, PoolState: "Normal" }),
        (error) =>
          error instanceof CmdletFailure && error.data.category === category && error.message.includes(Identity),
      );
    store.close();
    rmSync(join(directory, "management-store.json"));
    store = open(2);
    await assert.rejects(
      run("Set-CsPersistentChatActiveServer", { ActiveServers: null }),
      /More than one Persistent Chat Server pool/,
    );
    assert.equal((await run("Get-CsPersistentChatState")).length, 2);
  });

  it("changes nothing when the question is answered with no", async () => {
    const asked: string[] = [];
    const caller = {
      computer: MANAGEMENT_HOST,
      shouldProcess: (action: string, target: string) => (asked.push(`${action} ${target}`), false),
    };
    await store.execute("Set-CsPersistentChatState", { PoolState: "Normal" }, caller);
    await store.execute("Set-CsPersistentChatActiveServer", { ActiveServers: null }, caller);
    assert.deepEqual(asked, [
      `Set-CsPersistentChatState PersistentChatServer:${POOL}`,
      `Set-CsPersistentChatActiveServer PersistentChatServer:${POOL}`,
    ]);
    assert.equal(store.snapshot.revision, 1);
  });

  it("brings a change to the machines after a while, and tells so", async () => {
    const arrived: string[] = [];
    store.onReplicated((machine) => arrived.push(machine));
    store.replication.hold(chat("p1"));
    await run("Set-CsPersistentChatState", { PoolState: "Normal" });
    const upToDate = async (fqdn: string): Promise<WireValue | undefined> =>
      (await run("Get-CsManagementStoreReplicationStatus", { ReplicaFqdn: fqdn }))[0]?.properties["UpToDate"];
    assert.equal(await upToDate(chat("b1")), false);
    assert.equal(store.replica(chat("b1"))?.poolState, "FailedOver");
    await until(() => arrived.length === 9, "nine replicas are written");
    assert.equal(await upToDate(chat("b1")), true);
    assert.equal(await upToDate(chat("p1")), false);
    assert.equal(store.replica(chat("p1"))?.poolState, "FailedOver");
    store.replication.release(chat("p1"));
    await until(() => store.replica(chat("p1"))?.poolState === "Normal", "the released machine follows");
  });

  it("answers -LocalStore from the caller's replica", async () => {
    store.replication.hold(MANAGEMENT_HOST);
    await run("Set-CsPersistentChatState", { PoolState: "Normal" });
    const name = async (parameters: Record<string, WireValue>): Promise<string> =>
      JSON.stringify((await run("Get-CsPersistentChatState", parameters))[0]?.properties["PoolState"]);
    assert.match(await name({}), /"Normal"/);
    assert.match(await name({ LocalStore: true }), /"FailedOver"/);
  });

  it("sends each site's chat servers to the stores of the pool state", async () => {
    const before = store.replica(chat("b1"));
    assert.deepEqual(
      [before?.active, before?.database.instance, before?.database.mirror?.instance],
      [true, "SQL-B1", "SQL-B2"],
    );
    await run("Set-CsPersistentChatActiveServer", { ActiveServers: { table: [["Replace", chat("p1")]] } });
    await run("Set-CsPersistentChatState", { PoolState: "Normal" });
    await until(
      () => store.replica(chat("b1"))?.revision === 3 && store.replica(chat("p1"))?.revision === 3,
      "both machines know revision 3",
    );
    assert.equal(store.replica(chat("b1"))?.active, false);
    const after = store.replica(chat("p1"));
    assert.deepEqual(
      [after?.active, after?.database.instance, after?.complianceDatabase?.mirror?.instance],
      [true, "SQL-P1", "SQL-P2"],
    );
    assert.equal(store.replica("lyncfe-1.dci.discovery.com"), undefined);
  });

  it("is the same after it was closed and opened, and goes on replicating", async () => {
    store.replication.setDelay(60_000);
    await run("Set-CsPersistentChatState", { PoolState: "Normal" });
    await run("Set-CsPersistentChatActiveServer", { ActiveServers: null });
    store.close();
    store = open();
    assert.deepEqual(await active(), []);
    assert.equal(store.replica(chat("p1"))?.poolState, "FailedOver");
    await until(() => store.replica(chat("p1"))?.poolState === "Normal", "replication goes on");
  });

  it("shows the eight stores and the machines of the pool", async () => {
    const [service] = await run("Get-CsService", { PersistentChatServer: true, PoolFqdn: POOL });
    assert.equal(service?.properties["PersistentChatDatabase"], "PersistentChatDatabase:sql-p1.dci.discovery.com");
    assert.equal(
      service.properties["BackupMirrorPersistentChatComplianceDatabase"],
      "PersistentChatComplianceDatabase:sql-b2.dci.discovery.com",
    );
    const [pool] = await run("Get-CsPool", { Identity: POOL });
    assert.equal((pool?.properties["Computers"] as readonly string[]).length, 8);
    await assert.rejects(run("Get-CsService", { PersistentChatServer: true, PoolFqdn: "none" }), CmdletFailure);
  });

  it("knows its administrators by both forms of their name", () => {
    assert.ok(store.authenticate("dci\\LyncAdmin", "right"));
    assert.ok(store.authenticate("lyncadmin@dci.discovery.com", "right"));
    assert.equal(store.authenticate("DCI\\lyncadmin", "wrong"), undefined);
    assert.equal(store.setPassword("LYNCADMIN@dci.discovery.com", "next"), true);
    assert.equal(store.authenticate("DCI\\lyncadmin", "right"), undefined);
    assert.ok(store.authenticate("DCI\\lyncadmin", "next"));
    assert.equal(store.setPassword("DCI\\nobody", "next"), false);
  });

  it("shows a remote user the cmdlets of his roles", () => {
    const seen = (role: string): string[] =>
      store.commands({ userName: "DCI\\someone", password: "x", roles: [role] }).map(({ name }) => name);
    const all = store.commands().map(({ name }) => name);
    assert.deepEqual(seen("CsAdministrator"), all);
    assert.deepEqual(
      seen("CsViewOnlyAdministrator"),
      all.filter((name) => name.startsWith("Get-Cs")),
    );
    const chat = seen("CsPersistentChatAdministrator");
    assert.ok(chat.includes("Test-CsPersistentChatMessage") && chat.includes("Set-CsPersistentChatState"));
    for (const name of ["Install-CsDatabase", "Install-CsMirrorDatabase", "Uninstall-CsMirrorDatabase"])
      assert.ok(!chat.includes(name) && !seen("CsServerAdministrator").includes(name), name);
  });

  it("says that a store alone reaches no SQL Server", async () => {
    await assert.rejects(
      run("Install-CsDatabase", { ConfiguredDatabases: true, SqlServerFqdn: "sql-p1.dci.discovery.com" }),
      (error) => error instanceof CmdletFailure && error.data.errorId === "ProcessingFailed",
    );
  });

  it("keeps one pair of test users per Registrar pool", async () => {
    const fqdn = "lyncfe.dci.discovery.com";
    const get = async (): Promise<readonly WireValue[]> =>
      (await run("Get-CsHealthMonitoringConfiguration")).map(({ properties }) => [
        properties["Identity"] ?? null,
        properties["FirstTestUserSipUri"] ?? null,
        properties["SecondTestSamAccountName"] ?? null,
      ]);
    assert.deepEqual(await get(), [[fqdn, "sip:user01@dci.discovery.com", null]]);
    const users = { FirstTestUserSipUri: "sip:a@contoso.com", SecondTestUserSipUri: "sip:b@contoso.com" };
    await assert.rejects(
      run("New-CsHealthMonitoringConfiguration", { Identity: fqdn, ...users }),
      (error) => error instanceof CmdletFailure && error.data.errorId === "ItemAlreadyExists",
    );
    await run("Set-CsHealthMonitoringConfiguration", { Identity: fqdn, SecondTestSamAccountName: "DCI\\b" });
    assert.deepEqual(await get(), [[fqdn, "sip:user01@dci.discovery.com", "DCI\\b"]]);
    await run("Remove-CsHealthMonitoringConfiguration", { Identity: fqdn });
    assert.deepEqual(await get(), []);
    await assert.rejects(run("Get-CsHealthMonitoringConfiguration", { Identity: fqdn }), /Cannot find item/);
    await assert.rejects(
      run("New-CsHealthMonitoringConfiguration", { TargetFqdn: fqdn, ...users, FirstTestUserSipUri: "a@contoso.com" }),
      /must include the sip: prefix/,
    );
    await run("New-CsHealthMonitoringConfiguration", { TargetFqdn: fqdn, ...users, InMemory: true });
    assert.deepEqual(await get(), []);
    await run("New-CsHealthMonitoringConfiguration", { TargetFqdn: fqdn, ...users });
    store.close();
    store = open();
    assert.deepEqual(await get(), [[fqdn, "sip:a@contoso.com", null]]);
  });
});
