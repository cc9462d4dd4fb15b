import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parseConfiguration } from "../../estate/configuration";
import { addressOfStore, askedAddress } from "../../estate/discover/addresses";
import { discover, type Discovery } from "../../estate/discover/discovery";
import type { InstanceReading, PoolTopology } from "../../estate/discover/evidence";
import { discoveryLines } from "../../estate/discover/report";
import { mayBe } from "../../estate/discover/stores";
import type { InstanceObservation } from "../../estate/observation-types";
import {
  database,
  instance,
  job,
  mirrored,
  primaryRow,
  secondaryRow,
  steadyBackup,
  steadyPrimary,
} from "./support/estate";

const DOMAIN = "dci.discovery.com";
const MACHINES = ["p1", "p2", "b1", "b2"].map((name) => `chat-${name}.${DOMAIN}`);
const SERVERS = { primary: MACHINES.slice(0, 2), backup: MACHINES.slice(2) };

function topology(change: Partial<PoolTopology> = {}): PoolTopology {
  const stores = (kind: string) => ({
    [`${kind}Database`]: `sql-p1.${DOMAIN}`,
    [`Mirror${kind}Database`]: `sql-p2.${DOMAIN}`,
    [`Backup${kind}Database`]: `sql-b1.${DOMAIN}`,
    [`BackupMirror${kind}Database`]: `sql-b2.${DOMAIN}`,
  });
  return {
    fqdn: `lyncpc.${DOMAIN}`,
    activeServers: SERVERS.primary,
    machines: { read: true, value: MACHINES },
    poolState: { read: true, value: "Normal" },
    stores: { ...stores("PersistentChat"), ...stores("PersistentChatCompliance") },
    ...change,
  };
}

function reading(from: InstanceObservation, port: number): InstanceReading {
  const { logShippingPrimary, logShippingSecondary } = from;
  return {
    address: { host: "127.0.0.1", port },
    answer: {
      read: true,
      value: {
        serverName: from.server.serverName,
        databases: from.databases,
        shipping: { read: true, value: { logShippingPrimary, logShippingSecondary } },
      },
    },
  };
}

const silent = (port: number): InstanceReading => ({
  address: { host: "127.0.0.1", port },
  answer: { read: false, reason: "instance (127.0.0.1:14331): refused. [UNREACHABLE]" },
});

/** Four instances, steady. */
function steadyReadings(): InstanceReading[] {
  return [
    reading(steadyPrimary(), 14331),
    reading(instance("SQL-P2", { databases: [] }), 14332),
    reading(steadyBackup(), 14333),
    reading(instance("SQL-B2", { databases: [] }), 14334),
  ];
}

const reached = {
  shell: { executable: "pwsh" },
  sql: { user: "pchatdr", encrypt: true, trustServerCertificate: true },
};

function discovered(
  pools = [topology()],
  readings = steadyReadings(),
  servers: { primary: string[]; backup: string[] } = { primary: [], backup: SERVERS.backup },
): Discovery {
  return discover(pools, readings, { dataCentres: { primary: "DC1", backup: "DC2" }, servers }, reached);
}

type Pool = Record<string, unknown> & {
  primary: Record<string, unknown>;
  backup: Record<string, unknown>;
  logShipping: Record<string, unknown>;
};

const poolOf = (discovery: Discovery): Pool => discovery.configuration.pools[0] as unknown as Pool;
const paths = (discovery: Discovery): string[] => discovery.gaps.map((gap) => gap.path).sort();

/** The configuration is refused for each gap, by its path, and for nothing else. */
function assertGapsRefused(discovery: Discovery): void {
  const parsed = parseConfiguration({ ...discovery.configuration, active: "primary" });
  const refused = parsed.ok ? [] : parsed.problems.map((problem) => problem.path);
  for (const { path } of discovery.gaps) assert.ok(refused.includes(path), `${path} passes: ${refused.join(", ")}`);
  for (const path of refused) assert.ok(paths(discovery).includes(path), `${path} is refused and no gap`);
}

describe("discovery", () => {
  it("makes a whole configuration of a steady estate", () => {
    const discovery = discovered();
    assert.deepEqual(discovery.gaps, []);
    const parsed = parseConfiguration({ ...discovery.configuration, active: "backup" });
    assert.ok(parsed.ok);
    const [pool] = parsed.value.pools;
    assert.deepEqual(pool?.primary.principal, { server: "SQL-P1", host: "127.0.0.1", port: 14331 });
    assert.deepEqual(pool?.backup.mirror, { server: "SQL-B2", host: "127.0.0.1", port: 14334 });
    assert.deepEqual(pool?.databases, { chat: "mgc", compliance: "mgccomp" });
    assert.equal(pool?.logShipping.share, String.raw`\\files.dci.discovery.com\lslogs`);
    assert.equal(pool?.logShipping.copyFolder, String.raw`D:\LSCopy`);
  });

  it("takes the numbers, folders and names that are registered, not the usual ones", () => {
    const hourly = { ...job("x").schedules[0]!, freqSubdayInterval: 60 };
    const backup = reading(
      steadyBackup({
        logShippingSecondary: [
          secondaryRow({
            backupDestinationDirectory: String.raw`E:\Copies` + "\\",
            copyJob: job("Copy the log", { schedules: [hourly] }),
            database: { ...secondaryRow().database!, restoreDelay: 7 },
          }),
        ],
      }),
      14333,
    );
    const primary = reading(
      steadyPrimary({
        logShippingPrimary: [
          primaryRow({ backupDirectory: String.raw`F:\Logs`, backupRetentionPeriod: 1440, backupCompression: 1 }),
        ],
      }),
      14331,
    );
    const [, mirror, , backupMirror] = steadyReadings();
    const discovery = discovered([topology()], [primary, mirror!, backup, backupMirror!]);
    assert.deepEqual(discovery.gaps, []);
    assert.deepEqual(poolOf(discovery).logShipping, {
      share: String.raw`\\files.dci.discovery.com\lslogs`,
      backupDirectory: String.raw`F:\Logs`,
      copyFolder: String.raw`E:\Copies`,
      retentionMinutes: 1440,
      backupThresholdMinutes: 60,
      restoreThresholdMinutes: 45,
      historyMinutes: 5760,
      restoreDelayMinutes: 7,
      compression: 1,
      scheduleMinutes: { backup: 15, copy: 60, restore: 15 },
      jobs: { copy: "Copy the log" },
    });
    assert.match(discovery.notes.join("\n"), /retention in minutes is 1440 on the primary and 4320 on the secondary/);
  });

  it("marks what no topology tells, and takes it from the caller", () => {
    const discovery = discovered([topology()], steadyReadings(), { primary: [], backup: [] });
    assert.deepEqual(paths(discovery), ["pools[0].backup.activeServers"]);
    assert.match(discovery.gaps[0]?.reason ?? "", /inactive are chat-b1.*chat-b2/);
    assertGapsRefused(discovery);
    const away = topology({ poolState: { read: true, value: "FailedOver" }, activeServers: SERVERS.backup });
    assert.deepEqual(paths(discovered([away], steadyReadings(), { primary: [], backup: [] })), [
      "pools[0].primary.activeServers",
    ]);
    const odd = topology({ poolState: { read: true, value: "Other" } });
    assert.deepEqual(paths(discovered([odd], steadyReadings(), { primary: [], backup: [] })), [
      "pools[0].backup.activeServers",
      "pools[0].primary.activeServers",
    ]);
  });

  it("marks every value of an instance that does not answer", () => {
    const [, ...others] = steadyReadings();
    const discovery = discovered([topology()], [silent(14331), ...others]);
    assertGapsRefused(discovery);
    assert.deepEqual(paths(discovery), [
      "pools[0].logShipping.backupDirectory",
      "pools[0].logShipping.backupThresholdMinutes",
      "pools[0].logShipping.compression",
      "pools[0].logShipping.historyMinutes",
      "pools[0].logShipping.jobs.backup",
      "pools[0].logShipping.retentionMinutes",
      "pools[0].logShipping.scheduleMinutes.backup",
      "pools[0].primary.principal",
    ]);
    // The secondary knows the share.
    assert.equal(poolOf(discovery).logShipping["share"], String.raw`\\files.dci.discovery.com\lslogs`);
    const said = { ...silent(14331), store: `sql-p1.${DOMAIN}` };
    const known = discovered([topology()], [said, ...others]);
    assert.ok(paths(known).includes("pools[0].primary.principal.server"));
    assert.deepEqual(poolOf(known).primary["principal"], { server: null, host: "127.0.0.1", port: 14331 });
    assertGapsRefused(known);
  });

  it("marks log shipping that a login may not read, and the folders of one that is not registered", () => {
    const denied = steadyReadings().map((one): InstanceReading => {
      if (!one.answer.read) return one;
      const shipping = { read: false, reason: "The SELECT permission was denied. [PERMISSION_DENIED]" } as const;
      return { ...one, answer: { read: true, value: { ...one.answer.value, shipping } } };
    });
    const discovery = discovered([topology()], denied);
    assertGapsRefused(discovery);
    assert.equal(
      paths(discovery).every((path) => path.startsWith("pools[0].logShipping.")),
      true,
    );
    assert.ok(paths(discovery).includes("pools[0].logShipping.share"));
    const none = steadyReadings().map((one): InstanceReading => {
      if (!one.answer.read) return one;
      const shipping = {
        read: true,
        value: { logShippingPrimary: [], logShippingSecondary: [] },
      } as const;
      return { ...one, answer: { read: true, value: { ...one.answer.value, shipping } } };
    });
    const unregistered = discovered([topology()], none);
    assertGapsRefused(unregistered);
    assert.deepEqual(paths(unregistered), ["pools[0].logShipping.copyFolder", "pools[0].logShipping.share"]);
  });

  it("marks a schedule that is no number of minutes", () => {
    const nightly = { ...job("x").schedules[0]!, freqSubdayType: 1, freqSubdayInterval: 0 };
    const [primary, mirror, , backupMirror] = steadyReadings();
    const secondary = secondaryRow({ copyJob: job("a", { schedules: [nightly] }), restoreJob: null });
    const backup = reading(steadyBackup({ logShippingSecondary: [secondary] }), 14333);
    const discovery = discovered([topology()], [primary!, mirror!, backup, backupMirror!]);
    assertGapsRefused(discovery);
    assert.deepEqual(paths(discovery), [
      "pools[0].logShipping.scheduleMinutes.copy",
      "pools[0].logShipping.scheduleMinutes.restore",
    ]);
  });

  it("leaves a mirror out where there is none, and marks one that the topology does not know", () => {
    const all = Object.entries(topology().stores);
    const stores = Object.fromEntries(all.filter(([property]) => !property.startsWith("Mirror")));
    const [, , backup, backupMirror] = steadyReadings();
    const alone = reading(steadyPrimary({ databases: [database("mgc"), database("mgccomp")] }), 14331);
    const without = discovered([topology({ stores })], [alone, backup!, backupMirror!]);
    assert.deepEqual(without.gaps, []);
    assert.equal("mirror" in poolOf(without).primary, false);
    const mirroring = { databases: [database("mgc", { mirroring: mirrored("SQL-X9") }), database("mgccomp")] };
    const hidden = discovered(
      [topology({ stores })],
      [reading(steadyPrimary(mirroring), 14331), backup!, backupMirror!],
    );
    assert.deepEqual(paths(hidden), ["pools[0].primary.mirror"]);
    assert.match(hidden.gaps[0]?.reason ?? "", /SQL-X9/);
    assertGapsRefused(hidden);
  });

  it("knows compliance that is off, and marks one with instances of its own", () => {
    const entries = Object.entries(topology().stores);
    const off = Object.fromEntries(entries.filter(([property]) => !property.includes("Compliance")));
    assert.deepEqual(poolOf(discovered([topology({ stores: off })]))["databases"], { chat: "mgc", compliance: false });
    const stores = { ...topology().stores, PersistentChatComplianceDatabase: `sql-c1.${DOMAIN}` };
    const elsewhere = discovered([topology({ stores })]);
    assert.deepEqual(paths(elsewhere), ["pools[0].databases.compliance"]);
    assertGapsRefused(elsewhere);
  });

  it("knows a compliance that has no mirror, and tells a mirror that is not there", () => {
    const all = Object.entries(topology().stores);
    const stores = Object.fromEntries(all.filter(([property]) => !/Mirror.*Compliance/.test(property)));
    const discovery = discovered([topology({ stores })]);
    assert.deepEqual([discovery.gaps, poolOf(discovery)["mirroring"]], [[], { compliance: false }]);
    assert.equal("mirroring" in poolOf(discovered()), false);
    const [, mirror, backup, backupMirror] = steadyReadings();
    const alone = reading(steadyPrimary({ databases: [database("mgc"), database("mgccomp")] }), 14331);
    const { gaps, notes } = discovered([topology()], [alone, mirror!, backup!, backupMirror!]);
    assert.deepEqual(gaps, []);
    assert.match(notes.join("\n"), /mgc on SQL-P1 shows no mirroring; the topology names sql-p2/);
  });

  it("takes no one of two instances that may be a store, and the caller's word for it", () => {
    const named = (name: string, port: number) =>
      reading(steadyPrimary({ server: { ...steadyPrimary().server, serverName: name } }), port);
    const [, ...others] = steadyReadings();
    const two = [named(String.raw`SQL-P1\A`, 15001), named(String.raw`SQL-P1\B`, 15002)];
    const discovery = discovered([topology()], [...two, ...others]);
    assert.match(
      discovery.gaps.find((gap) => gap.path === "pools[0].primary.principal")?.reason ?? "",
      /SQL-P1\\A.*SQL-P1\\B.*--sql/,
    );
    const said = [two[0]!, { ...two[1]!, store: `sql-p1.${DOMAIN}` }];
    assert.deepEqual(poolOf(discovered([topology()], [...said, ...others])).primary["principal"], {
      server: String.raw`SQL-P1\B`,
      host: "127.0.0.1",
      port: 15002,
    });
  });

  it("marks what the schema refuses although it was read", () => {
    const [primary, mirror, , backupMirror] = steadyReadings();
    const row = secondaryRow({ backupDestinationDirectory: "/var/copies" });
    const backup = reading(steadyBackup({ logShippingSecondary: [row] }), 14333);
    const discovery = discovered([topology()], [primary!, mirror!, backup, backupMirror!]);
    assert.deepEqual(paths(discovery), ["pools[0].logShipping.copyFolder"]);
    assert.equal(poolOf(discovery).logShipping["copyFolder"], "/var/copies");
    assertGapsRefused(discovery);
  });

  it("tells instances, gaps and notes under each other", () => {
    const lines = discoveryLines([topology()], steadyReadings(), discovered());
    assert.deepEqual(lines.slice(0, 3), [
      "lyncpc.dci.discovery.com, Normal",
      "  sql-p1.dci.discovery.com  SQL-P1  127.0.0.1:14331  mgc ONLINE, principal; mgccomp ONLINE, principal",
      "  sql-p2.dci.discovery.com  SQL-P2  127.0.0.1:14332  no chat database",
    ]);
    assert.ok(lines.includes("No gaps."));
  });
});

describe("names of instances", () => {
  it("match a store by the machine's NetBIOS name, and the instance's where the topology tells it", () => {
    assert.ok(mayBe("SQL-P1", "sql-p1.contoso.com"));
    assert.ok(mayBe(String.raw`SQL-P1\RTC`, "sql-p1.contoso.com"));
    assert.ok(mayBe(String.raw`sql-p1\rtc`, String.raw`sql-p1.contoso.com\RTC`));
    assert.ok(!mayBe("SQL-P1", String.raw`sql-p1.contoso.com\RTC`));
    assert.ok(!mayBe("SQL-P10", "sql-p1.contoso.com"));
    assert.ok(mayBe("PERSISTENTCHATS", "persistentchatsql1.contoso.com"));
  });

  it("are written as addresses, with a store in front where needed", () => {
    assert.deepEqual(askedAddress("sql-p1.contoso.com"), { address: { host: "sql-p1.contoso.com" } });
    assert.deepEqual(askedAddress("10.0.0.7:1444"), { address: { host: "10.0.0.7", port: 1444 } });
    assert.deepEqual(askedAddress("[fe80::1]:1444"), { address: { host: "fe80::1", port: 1444 } });
    assert.deepEqual(askedAddress(String.raw`sql.contoso.com=sql\RTC`), {
      store: "sql.contoso.com",
      address: { host: "sql", instance: "RTC" },
    });
    assert.deepEqual(addressOfStore(String.raw`sql.contoso.com\rtc`).address, {
      host: "sql.contoso.com",
      instance: "rtc",
    });
    for (const text of ["", "a b", "host:0", "host:99999", "=host", String.raw`host\a b`, "https://host"])
      assert.throws(() => askedAddress(text), /--sql does not name an instance/);
  });
});
