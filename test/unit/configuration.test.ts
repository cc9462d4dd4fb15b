import assert from "node:assert/strict";
import { formatProblems, parseConfiguration, type Problem } from "../../estate/configuration";
import {
  isDrivePath,
  isFqdn,
  isUncPath,
  joinWindowsPath,
  trimTrailingBackslash,
} from "../../estate/configuration-forms";
import { desiredOf } from "../../estate/desired";
import { configuration, rawConfiguration } from "./support/estate";

function problems(change: (raw: ReturnType<typeof rawConfiguration>) => void): readonly Problem[] {
  const raw = rawConfiguration();
  change(raw);
  const parsed = parseConfiguration(raw);
  return parsed.ok ? [] : parsed.problems;
}

/** The first pool as a record, to write mistakes into it. */
const pool = (raw: ReturnType<typeof rawConfiguration>) => raw.pools[0] as Record<string, Record<string, unknown>>;

function expectProblem(found: readonly Problem[], path: string, expected: RegExp): void {
  const problem = found.find((one) => one.path === path);
  assert.ok(problem, `${path} among ${JSON.stringify(found, null, 1)}`);
  assert.match(problem.expected, expected);
}

describe("configuration", () => {
  it("fills in every default", () => {
    const value = configuration();
    assert.equal(value.sql.encrypt, true);
    assert.equal(value.sql.trustServerCertificate, false);
    const [first] = value.pools;
    assert.equal(first?.logShipping.retentionMinutes, 4320);
    assert.deepEqual(first?.logShipping.scheduleMinutes, { backup: 15, copy: 15, restore: 15 });
    assert.deepEqual(first?.databases, { chat: "mgc", compliance: "mgccomp" });
    assert.equal(first?.activation, "document");
    assert.equal(first?.acknowledge.privateTail, undefined);
  });

  it("asks for an LSN as text: as a number it would lose its last digits", () => {
    const fork = "{aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa}";
    const giving = (lsn: unknown) => problems((raw) => (pool(raw)["acknowledge"] = { backupCopy: { fork, lsn } }));
    expectProblem(giving(45000000012300001), "pools[0].acknowledge.backupCopy.lsn", /an LSN in quotes/);
    const value = configuration(
      (raw) => (pool(raw)["acknowledge"] = { backupCopy: { fork, lsn: "45000000012300001" } }),
    );
    assert.equal(value.pools[0]?.acknowledge.backupCopy?.fork, fork.slice(1, -1).toUpperCase());
  });

  it("derives the names of jobs, schedules and folders", () => {
    const wanted = desiredOf(configuration(), "pool1");
    assert.deepEqual(wanted.logShipping.jobs, {
      backup: "LSBackup_mgc",
      copy: "LSCopy_SQL-P1_mgc",
      restore: "LSRestore_SQL-P1_mgc",
    });
    assert.equal(wanted.backupFolder, String.raw`\\files.dci.discovery.com\lslogs\failback`);
    assert.equal(wanted.logShipping.backupDirectory, wanted.logShipping.share);
    assert.throws(() => desiredOf(configuration(), "pool9"), /no pool "pool9"; it has pool1/);
  });

  it("tells all mistakes at once, of the schema and between members", () => {
    const found = problems((raw) => {
      pool(raw)["primary"] = {
        ...pool(raw)["primary"],
        dataCentre: 7,
        activeServers: ["chat-p1", "b.dci.discovery.com", "B.dci.discovery.com"],
      };
      pool(raw)["logShipping"] = { share: "C:\\share", copyFolder: "LSCopy", retentionMinutes: 1.5 };
      raw.active = "Primary";
      raw.sql = {};
    });
    expectProblem(found, "pools[0].primary.dataCentre", /data centre/);
    expectProblem(found, "pools[0].primary.activeServers[0]", /fully qualified/);
    expectProblem(found, "pools[0].primary.activeServers[2]", /once/);
    expectProblem(found, "pools[0].logShipping.share", /UNC path/);
    expectProblem(found, "pools[0].logShipping.copyFolder", /Windows path/);
    expectProblem(found, "pools[0].logShipping.retentionMinutes", /whole number of minutes/);
    expectProblem(found, "active", /"primary" or "backup"/);
    expectProblem(found, "sql.user", /login/);
    assert.equal(found.length, 8, formatProblems(found));
  });

  it("refuses unknown keys and names the nearest known one", () => {
    const found = problems((raw) => {
      raw.sql["passwort"] = "s3cret";
      raw.sql["encript"] = true;
      pool(raw)["logShiping"] = {};
      Object.assign(raw, { colour: "red" });
    });
    expectProblem(found, "sql.encript", /^encrypt \(known: /);
    expectProblem(found, "pools[0].logShiping", /^logShipping \(known: /);
    expectProblem(found, "colour", /^one of pools, active/);
    assert.equal(found.length, 4);
    assert.doesNotMatch(formatProblems(found), /s3cret/);
  });

  it("never prints a secret", () => {
    const found = problems((raw) => {
      Object.assign(raw, { sqlPassword: ["hunter2"], shellPassword: 4711 });
      Object.assign(raw, { shell: { connectionUri: "https://ops:hunter3@fe.contoso.com/OcsPowerShell" } });
    });
    const text = formatProblems(found);
    assert.doesNotMatch(text, /hunter|4711/);
    expectProblem(found, "shell.connectionUri", /without user and password/);
    expectProblem(found, "shell.user", /connectionUri is given/);
  });

  it("keeps one to four active servers, in the site's data centre or a linked one", () => {
    const five = Array.from({ length: 5 }, (_, at) => `chat-p${at}.dci.discovery.com`);
    const servers = (list: unknown[]) =>
      problems((raw) => void (pool(raw)["primary"] = { ...pool(raw)["primary"], activeServers: list }));
    expectProblem(servers(five), "pools[0].primary.activeServers", /at most four/);
    expectProblem(servers([]), "pools[0].primary.activeServers", /1 to 4/);
    const elsewhere = [{ fqdn: "chat-b1.dci.discovery.com", dataCentre: "DC2" }];
    expectProblem(servers(elsewhere), "pools[0].primary.activeServers[0].dataCentre", /DC1, or .*linkedDataCentres/);
    const linked = problems((raw) => {
      pool(raw)["primary"] = { ...pool(raw)["primary"], activeServers: elsewhere, linkedDataCentres: ["DC2"] };
    });
    assert.deepEqual(linked, []);
    expectProblem(
      servers([{ fqdn: "chat-b1.dci.discovery.com", datacentre: "DC2" }]),
      "pools[0].primary.activeServers[0].datacentre",
      /^dataCentre/,
    );
  });

  it("keeps instances and pools apart", () => {
    const same = problems(
      (raw) => void (pool(raw)["backup"] = { ...pool(raw)["backup"], principal: pool(raw)["primary"]?.["principal"] }),
    );
    expectProblem(
      same,
      "pools[0].backup.principal.server",
      /another instance than pools\[0\]\.primary\.principal\.server/,
    );
    expectProblem(same, "pools[0].backup.principal.host", /another instance/);
    const twice = problems((raw) => void raw.pools.push({ ...raw.pools[0] }));
    expectProblem(twice, "pools[1].name", /pools\[0\] does not have/);
    expectProblem(twice, "pools[1].primary.principal.server", /an instance, or a databases\.chat/);
    const both = problems((raw) => {
      pool(raw)["primary"] = {
        ...pool(raw)["primary"],
        mirror: { server: "SQL-P2", host: "sql-p2", port: 1, instance: "RTC" },
      };
    });
    expectProblem(both, "pools[0].primary.mirror.instance", /not both/);
  });

  it("mirrors both databases inside their site, by the product, unless told otherwise", () => {
    const wanted = desiredOf(configuration(), "pool1");
    assert.equal(wanted.mirrorFolder, String.raw`\\files.dci.discovery.com\lslogs\mirror`);
    assert.deepEqual(wanted.pool.mirroring, {
      chat: true,
      compliance: true,
      by: "Install-CsMirrorDatabase",
      dropLeftovers: false,
      logShipping: false,
    });
    const found = problems((raw) => {
      pool(raw)["mirroring"] = { by: "hand", share: "D:\\mirror" };
      const principal = { ...(pool(raw)["primary"]?.["principal"] as object), mirroringAddress: "sql-p1:5022" };
      pool(raw)["primary"] = { ...pool(raw)["primary"], principal };
    });
    expectProblem(found, "pools[0].mirroring.by", /"Install-CsMirrorDatabase" or "ALTER DATABASE"/);
    expectProblem(found, "pools[0].mirroring.share", /UNC path/);
    expectProblem(found, "pools[0].primary.principal.mirroringAddress", /TCP:\/\/sql-p1\.contoso\.com:5022/);
  });

  it("tests a message where the active site names its registrar, and asks for one where it is to", () => {
    const health = (site: string, check: string | undefined) =>
      desiredOf(
        configuration((raw) => {
          pool(raw)[site] = { ...pool(raw)[site], registrar: "FE.dci.discovery.com" };
          pool(raw)["health"] = check === undefined ? {} : { check };
        }),
        "pool1",
      ).health;
    assert.equal(health("primary", undefined).check, "message");
    assert.equal(health("primary", undefined).registrar, "fe.dci.discovery.com");
    assert.equal(health("primary", "pings").check, "pings");
    assert.equal(health("backup", undefined).check, "pings", "the registrar of the other site");
    const found = problems((raw) => {
      pool(raw)["health"] = { check: "message", senderSipAddress: "sip:a@contoso.com", timeoutSeconds: 0 };
    });
    expectProblem(found, "pools[0].primary.registrar", /because health\.check is message/);
    expectProblem(found, "pools[0].health.receiverSipAddress", /other test user/);
    expectProblem(found, "pools[0].health.timeoutSeconds", /whole number of seconds/);
    const strange = problems((raw) => {
      pool(raw)["health"] = { senderSipAddress: "a@contoso.com", receiverSipAddress: "sip:b@contoso" };
    });
    assert.equal(strange.length, 2, formatProblems(strange));
  });

  it("lets no acknowledgement name an instance that nobody answers for", () => {
    assert.deepEqual(configuration().pools[0]?.acknowledge.primaryFailures, []);
    const found = problems((raw) => {
      pool(raw)["acknowledge"] = { primaryFailures: ["LOGIN_FAILED", "UNREACHABLE"] };
    });
    expectProblem(found, "pools[0].acknowledge.primaryFailures[1]", /"LOGIN_FAILED" or .*"TIMEOUT"/);
  });

  it("survives anything that is no configuration", () => {
    for (const raw of [undefined, null, 7, "pools", [], { pools: [null] }, { pools: {} }, { pools: [[]], sql: [] }]) {
      const parsed = parseConfiguration(raw);
      assert.equal(parsed.ok, false);
      assert.ok(!parsed.ok && formatProblems(parsed.problems).length > 0);
    }
  });

  it("knows the forms of Windows paths and host names", () => {
    const good = [String.raw`D:\LSCopy`, "D:\\", String.raw`D:\it's\a b`];
    for (const path of good) assert.ok(isDrivePath(path), path);
    for (const path of [
      "D:",
      "D:LSCopy",
      "D:/LSCopy",
      String.raw`D:\a\..\b`,
      String.raw`D:\a|b`,
      String.raw`\\files\share`,
    ]) {
      assert.ok(!isDrivePath(path), path);
    }
    assert.ok(isUncPath(String.raw`\\files\share$\a`));
    for (const path of [String.raw`\\files`, String.raw`\files\share`, "//files/share", String.raw`\\files\share\..`]) {
      assert.ok(!isUncPath(path), path);
    }
    assert.ok(isFqdn("chat-p1.dci.discovery.com"));
    for (const name of ["chat-p1", "-a.b", "a..b", "a_b.c", "", `${"a".repeat(64)}.com`])
      assert.ok(!isFqdn(name), name);
    assert.equal(trimTrailingBackslash("D:\\"), "D:\\");
    assert.equal(trimTrailingBackslash(String.raw`\\f\s` + "\\"), String.raw`\\f\s`);
    assert.equal(joinWindowsPath("D:\\", "a.bak"), String.raw`D:\a.bak`);
  });
});
