import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { parseConfiguration } from "../../estate/configuration";
import type { LabDescription } from "../../lab/control-commands";
import { checkTopology } from "../../lab/topology/read";
import { labConfiguration, labSchema } from "../../tools/lab-configuration";
import { freePorts, Lab, runLab, temporaryLabDirectory } from "../support/lab";
import { LabShell } from "./lab-shell";
import { query, until, value } from "./lab-queries";

const EXAMPLE = join(__dirname, "../../docs/topology-example.json");

interface Example {
  pools: Record<string, unknown>[];
  instances: Record<string, unknown>[];
  [key: string]: unknown;
}

function example(): Example {
  return JSON.parse(readFileSync(EXAMPLE, "utf8")) as Example;
}

/** Paths of all mistakes. */
function mistakes(raw: unknown): string[] {
  const checked = checkTopology(raw);
  return "problems" in checked ? checked.problems.map(({ path }) => path) : [];
}

describe("a topology file", () => {
  it("is good as the example has it", () => assert.deepEqual(mistakes(example()), []));

  it("is told all mistakes of form at once, each with its path", () => {
    const raw = example();
    const [pool] = raw.pools as [Record<string, unknown>];
    pool["fqdn"] = "chat";
    pool["share"] = "D:\\logs";
    pool["registar"] = "fe01.contoso.com";
    (pool["primary"] as { machines: unknown })["machines"] = [];
    (raw.instances[0] as Record<string, unknown>)["version"] = "2005";
    (raw.instances[1] as Record<string, unknown>)["port"] = "1433";
    raw["managmentHost"] = "x";
    assert.deepEqual(mistakes(raw).sort(), [
      "instances[0].version",
      "instances[1].port",
      "managmentHost",
      "pools[0].fqdn",
      "pools[0].primary.machines",
      "pools[0].registar",
      "pools[0].share",
    ]);
    assert.deepEqual(mistakes([]), ["the file"]);
  });

  it("is told all mistakes of meaning at once", () => {
    const raw = example();
    const [chat, plant] = raw.pools as [Record<string, Record<string, unknown>>, Record<string, unknown>];
    chat["primary"] = {
      ...chat["primary"],
      activeServers: ["chat-d1.contoso.com"],
      content: { principal: "SQL-R1", mirror: "SQL-R9" },
    };
    chat["backup"] = { ...chat["backup"], machines: ["chat-r1.contoso.com"] };
    plant["databases"] = { content: "mgc" };
    plant["share"] = chat["share"];
    raw.instances[2] = { name: "SQL-R2\\COMPLIANCE", fqdn: "other.contoso.com" };
    raw.instances[5] = { ...raw.instances[5], mirroringPort: 5022 };
    raw.instances[6] = { ...raw.instances[6], version: "2012" };
    raw.instances.push({ name: "SQL-X1", fqdn: "sql-x1.contoso.com", port: 14399 });
    assert.deepEqual(mistakes(raw).sort(), [
      "instances[1].name",
      "instances[2].fqdn",
      "instances[5].mirroringPort",
      "instances[7].name",
      "instances[7].port",
      "pools[0].backup.machines[0]",
      "pools[0].primary.activeServers[0]",
      "pools[0].primary.content.mirror",
      "pools[1].primary.content.principal",
      "pools[1].share",
    ]);
  });

  it("needs one version for a mirror and its principal, and a backup that is no older than its primary", () => {
    const raw = example();
    raw.instances[1] = { ...raw.instances[1], version: "2012" };
    raw.instances[6] = { ...raw.instances[6], version: "2008 R2" };
    raw.instances[0] = { ...raw.instances[0], version: "2012" };
    assert.deepEqual(mistakes(raw), ["pools[0].backup.content.principal", "pools[1].backup.content.principal"]);
  });
});

describe("a lab with a topology of one's own", function () {
  this.timeout(120_000);
  const directory = temporaryLabDirectory();
  let lab: Lab;
  let base = 0;

  before(async () => {
    // The ports of the example may be taken; its one fixed port is moved into the free range.
    base = await freePorts(8);
    const raw = example();
    raw.instances[6] = { ...raw.instances[6], port: base + 7 };
    const file = join(directory, "topology.json");
    writeFileSync(file, JSON.stringify(raw));
    const { status, stdout, stderr } = await runLab(
      ...["up", "--topology", file, "--database-size", "1MiB", "--chat", "--json"],
      ...["--port-base", String(base), "--directory", directory],
    );
    assert.equal(status, 0, stderr);
    lab = new Lab(JSON.parse(stdout) as LabDescription);
  });

  after(async () => {
    await lab.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("has its instances, by their names, ports and versions", async () => {
    assert.deepEqual(
      lab.json.instances.map(({ name, port, site, dataCentre, pools }) => [
        name,
        port - base,
        site,
        dataCentre,
        pools.length,
      ]),
      [
        ["SQL-R1", 1, "primary", "Redmond", 2],
        ["SQL-R2", 2, "primary", "Redmond", 1],
        ["SQL-R2\\COMPLIANCE", 3, "primary", "Redmond", 1],
        ["SQL-D1", 4, "backup", "Dublin", 1],
        ["SQL-D2", 5, "backup", "Dublin", 1],
        ["SQL-D2\\COMPLIANCE", 6, "backup", "Dublin", 1],
        ["SQL-D3\\PLANT", 7, "backup", "Dublin", 1],
      ],
    );
    for (const [name, version] of [
      ["SQL-R1", "10.50"],
      ["SQL-R2\\COMPLIANCE", "11.0"],
      ["SQL-D3\\PLANT", "10.50"],
    ] as const) {
      const instance = lab.instance(name);
      assert.equal(await value(instance, "SELECT @@SERVERNAME;"), name);
      assert.ok(
        String(await value(instance, "SELECT CONVERT(varchar(32), SERVERPROPERTY('ProductVersion'));")).startsWith(
          version,
        ),
      );
    }
    const account = await value(
      lab.instance("SQL-R1"),
      "SELECT service_account FROM sys.dm_server_services WHERE servicename LIKE 'SQL Server (%';",
    );
    assert.equal(account, "CONTOSO\\sqlengine");
  });

  it("puts each pool's databases where the file says, and ships their logs", async () => {
    const names = "SELECT name FROM sys.databases WHERE database_id > 4 ORDER BY name;";
    const databases = async (name: string): Promise<unknown[]> =>
      (await query(lab.instance(name), names)).map(({ name: database }) => database);
    assert.deepEqual(await databases("SQL-R1"), ["mgc", "mgc_plant"]);
    assert.deepEqual(await databases("SQL-R2"), ["mgc"]);
    assert.deepEqual(await databases("SQL-R2\\COMPLIANCE"), ["mgccomp"]);
    assert.deepEqual(await databases("SQL-D3\\PLANT"), ["mgc_plant"]);
    const shipped = await query(
      lab.instance("SQL-D3\\PLANT"),
      "SELECT last_restored_file AS f FROM msdb.dbo.log_shipping_monitor_secondary;",
    );
    assert.match(String(shipped[0]?.["f"]), /^D:\\PlantLogs\\mgc_plant_\d{14}\.trn$/i);
  });

  it("runs its chat servers on its pools' databases, and tests them by registrar", async () => {
    await until(
      "three servers",
      async () => (await lab.request("status", {})).chat.connected,
      (connected) => connected.length === 3,
    );
    const shell = new LabShell(lab);
    try {
      const [tested] = await shell.objects("Test-CsPersistentChatMessage fe01.contoso.com", "Result", "Error");
      assert.deepEqual(tested, { Result: "Success", Error: "" });
      assert.match((await shell.error("Test-CsPersistentChatMessage fe02.contoso.com")).id, /^TestUsersNotConfigured/);
      assert.equal(await shell.run("$env:COMPUTERNAME.ToLower()").catch(() => "tools"), "tools");
      assert.equal(await shell.run("whoami"), "contoso\\administrator");
    } finally {
      await shell.dispose();
    }
  });

  it("gives the product a configuration that it accepts", () => {
    const configuration = labConfiguration(labSchema.parse(JSON.parse(JSON.stringify(lab.json))));
    const parsed = parseConfiguration({ active: "primary", ...configuration });
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.deepEqual(
      parsed.value.pools.map(({ name, databases, logShipping, backup }) => [
        name,
        databases.chat,
        databases.compliance,
        logShipping.copyFolder,
        backup.principal.server,
        backup.mirror?.server,
      ]),
      [
        ["chat", "mgc", false, "D:\\ChatLogs", "SQL-D1", "SQL-D2"],
        ["plant", "mgc_plant", false, "D:\\PlantLogs", "SQL-D3\\PLANT", undefined],
      ],
    );
  });

  it("moves its sites, hosts as a whole, and comes up again as it was", async () => {
    const stopped = JSON.parse((await lab.run("outage", "--pool", "plant.contoso.com", "--json")).stdout) as {
      stopped: string[];
    };
    assert.deepEqual(stopped.stopped, ["SQL-R1"], "the plant's primary site is one instance");
    assert.equal((await lab.run("return", "--pool", "plant.contoso.com")).status, 0);
    const moved = await lab.run("scenario", "rebuilt");
    assert.equal(moved.status, 0, moved.stderr);
    assert.equal((await lab.run("down")).status, 0);
    lab = new Lab(JSON.parse((await lab.run("up", "--json")).stdout) as LabDescription);
    const { pools, lab: state } = await lab.request("status", {});
    assert.equal(state.scenario, "rebuilt");
    assert.deepEqual(
      pools.map(({ fqdn, poolState, activeServers }) => [fqdn, poolState, activeServers]),
      [
        ["chat.contoso.com", "FailedOver", ["chat-d1.contoso.com", "chat-d2.contoso.com"]],
        ["plant.contoso.com", "FailedOver", ["plant-d1.contoso.com"]],
      ],
    );
    assert.equal(await value(lab.instance("SQL-R1"), "SELECT COUNT(*) FROM mgc_plant.dbo.tblChat;"), 0);
    assert.ok(Number(await value(lab.instance("SQL-D3\\PLANT"), "SELECT COUNT(*) FROM mgc_plant.dbo.tblChat;")) > 0);
  });
});
