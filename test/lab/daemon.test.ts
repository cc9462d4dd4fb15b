import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { LabDescription, LabError, LabStatus } from "../../lab/control-commands";
import { isProcessAlive, stateFile } from "../../lab/state-file";
import { freePorts, type Lab, runLab, startLab, temporaryLabDirectory } from "../support/lab";
import { query, until, value } from "./lab-queries";

const SIZE = ["--database-size", "2MiB"];

function portAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

describe("the lab's command line", function () {
  this.timeout(120_000);
  const directory = temporaryLabDirectory();
  let common: string[] = [];
  let base = 0;
  let first: LabDescription | undefined;

  before(async () => {
    base = await freePorts(5);
    common = ["--port-base", String(base), "--directory", directory];
  });

  after(async () => {
    await runLab("down", ...common);
    rmSync(directory, { recursive: true, force: true });
  });

  it("starts a lab in the background and prints one JSON object", async () => {
    const { status, stdout, stderr } = await runLab("up", "--scenario", "failed-over", "--json", ...SIZE, ...common);
    assert.equal(status, 0, stderr);
    first = JSON.parse(stdout) as LabDescription;
    assert.deepEqual(
      first.instances.map(({ name, site, role, port }) => [name, site, role, port - base]),
      [
        ["SQL-P1", "primary", "principal", 1],
        ["SQL-P2", "primary", "mirror", 2],
        ["SQL-B1", "backup", "principal", 3],
        ["SQL-B2", "backup", "mirror", 4],
      ],
    );
    assert.equal(first.pool.identity, "PersistentChatServer:lyncpc.dci.discovery.com");
    assert.equal(first.share.unc, "\\\\files.dci.discovery.com\\lslogs");
    assert.ok(existsSync(first.shell.executable) && existsSync(first.share.directory) && existsSync(first.journal));
    assert.equal(statSync(stateFile(directory)).mode & 0o077, 0, "the state file holds passwords");
    assert.ok(isProcessAlive(first.pid), "the daemon outlives the command that started it");
    for (const instance of first.instances) assert.equal(await value(instance, "SELECT @@SERVERNAME;"), instance.name);
  });

  it("refuses a second lab on the same ports", async () => {
    const { status, stdout, stderr } = await runLab("up", ...common);
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /A lab runs already/);
  });

  it("refuses ports that another program holds", async () => {
    const other = temporaryLabDirectory();
    try {
      const { status, stderr } = await runLab("up", "--port-base", String(base), "--directory", other, ...SIZE);
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`Port ${String(base)} on 127.0.0.1 is taken`));
      assert.ok(!existsSync(stateFile(other)));
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it("shows status and journal", async () => {
    const status = JSON.parse((await runLab("status", "--json", ...common)).stdout) as LabStatus;
    assert.equal(status.lab.pid, first?.pid);
    assert.deepEqual(
      status.instances.map(({ name, running, agent }) => [name, running, agent]),
      ["SQL-P1", "SQL-P2", "SQL-B1", "SQL-B2"].map((name) => [name, true, true]),
    );
    const entries = JSON.parse((await runLab("journal", "--json", ...common)).stdout) as { n: number; text: string }[];
    assert.equal(entries[0]?.n, 1);
    assert.ok(entries.some(({ text }) => text === "SELECT @@SERVERNAME;"));
    const last = entries.length;
    // Chat servers ping meanwhile.
    const later = JSON.parse((await runLab("journal", "--json", "--since", String(last - 1), ...common)).stdout) as {
      n: number;
    }[];
    assert.equal(later[0]?.n, last);
    assert.deepEqual(status.chat.connected.length, 4);
    assert.match((await runLab("status", ...common)).stdout, /SQL-B1 +running +running +mgc +ONLINE +SYNCHRONIZED/);
  });

  it("says what is wrong with a command, and what to do", async () => {
    const { status, stderr } = await runLab("fault", "agent-stop", "--instance", "SQL-X", ...common);
    assert.equal(status, 1);
    assert.match(stderr, /error: There is no instance SQL-X\.\n {2}hint: Instances: SQL-P1/);
    for (const wrong of [
      ["up", "--database-size", "big"],
      ["up", "--bogus"],
      ["status", "--port-base", "0"],
    ]) {
      const refused = await runLab(...wrong);
      assert.notEqual(refused.status, 0, wrong.join(" "));
      assert.match(refused.stderr, /^error: .+\n {2}hint: See: npm run lab -- <command> --help\n$/);
    }
  });

  it("goes down without a process, a port or a state file left", async () => {
    const { status, stderr } = await runLab("down", ...common);
    assert.equal(status, 0, stderr);
    assert.ok(first !== undefined && !isProcessAlive(first.pid));
    assert.ok(!existsSync(stateFile(directory)) && !existsSync(join(directory, "control-token")));
    for (let port = base; port < base + 5; port += 1) assert.equal(await portAnswers(port), false);
    assert.equal((await runLab("down", ...common)).status, 1);
    assert.equal((await runLab("journal", "--json", ...common)).status, 0, "the journal stays");
  });

  it("recognises the state file of a daemon that was killed", async () => {
    const up = ["up", "--scenario", "failed-over", "--json", ...SIZE, ...common];
    const killed = JSON.parse((await runLab(...up)).stdout) as LabDescription;
    process.kill(killed.pid, "SIGKILL");
    await until(
      "the daemon dies",
      () => Promise.resolve(isProcessAlive(killed.pid)),
      (alive) => !alive,
    );
    assert.ok(existsSync(stateFile(directory)));
    assert.equal((await runLab("status", ...common)).status, 1);
    const { status, stdout, stderr } = await runLab(...up);
    assert.equal(status, 0, stderr);
    assert.notEqual((JSON.parse(stdout) as LabDescription).pid, killed.pid);
  });

  it("plays the estate at the pace of --clock, and its clock never goes back", async () => {
    const again = async (factor: number): Promise<LabDescription["instances"][number]> => {
      assert.equal((await runLab("down", ...common)).status, 0);
      const { status, stdout, stderr } = await runLab("up", "--json", "--clock", String(factor), ...common);
      assert.equal(status, 0, stderr);
      return (JSON.parse(stdout) as LabDescription).instances[2] as LabDescription["instances"][number];
    };
    const time = async (of: LabDescription["instances"][number]): Promise<number> =>
      ((await value(of, "SELECT SYSUTCDATETIME();")) as Date).getTime();
    const fast = await again(60);
    await query(
      fast,
      `EXEC sp_add_job @job_name = N'every minute';
EXEC sp_add_jobstep @job_name = N'every minute', @step_name = N'1', @command = N'SELECT 1;';
EXEC sp_add_jobschedule @job_name = N'every minute', @name = N'every minute', @freq_type = 4, @freq_interval = 1,
  @freq_subday_type = 4, @freq_subday_interval = 1;
EXEC sp_add_jobserver @job_name = N'every minute';`,
      "msdb",
    );
    await until(
      "two runs a minute apart by the estate's clock",
      () =>
        value(fast, "SELECT COUNT(*) FROM msdb.dbo.sysjobhistory WHERE step_id = 0 AND message LIKE '%every minute%';"),
      (runs) => Number(runs) >= 2,
    );
    const before = await time(fast);
    assert.ok(before - Date.now() > 60_000, "a minute and more ahead of the machine");
    const slow = await again(1);
    const after = await time(slow);
    assert.ok(after > before, `${String(after)} after ${String(before)}`);
  });
});

describe("faults", function () {
  this.timeout(60_000);
  let lab: Lab;

  before(async () => {
    lab = await startLab();
  });

  after(() => lab.stop());

  it("stop an instance, whose databases are there after its start", async () => {
    const backup = lab.instance("SQL-B1");
    const before = await value(backup, "SELECT COUNT_BIG(*) FROM mgc.dbo.tblChat;");
    await lab.request("fault", { action: "instance-stop", instance: "SQL-B1" });
    assert.equal(await portAnswers(backup.port), false);
    await lab.request("fault", { action: "instance-start", instance: "SQL-B1" });
    assert.equal(await value(backup, "SELECT COUNT_BIG(*) FROM mgc.dbo.tblChat;"), before);
    await until(
      "mirroring connects again",
      () => value(backup, "SELECT mirroring_state_desc FROM sys.database_mirroring WHERE database_id = DB_ID('mgc');"),
      (state) => state === "SYNCHRONIZED",
    );
  });

  it("stop SQL Server Agent", async () => {
    const agent = (): Promise<unknown> =>
      value(lab.instance("SQL-B1"), "SELECT status_desc FROM sys.dm_server_services WHERE servicename LIKE '%Agent%';");
    assert.equal(await agent(), "Running");
    await lab.request("fault", { action: "agent-stop", instance: "SQL-B1" });
    assert.equal(await agent(), "Stopped");
    await lab.request("fault", { action: "agent-start", instance: "SQL-B1" });
    assert.equal(await agent(), "Running");
  });

  it("lock the account of SQL Server Agent out: the engine starts without it", async () => {
    const [backup, account] = [lab.instance("SQL-B1"), "DCI\\svc-agent-b1"];
    await lab.request("fault", { action: "lock-out", account });
    await lab.request("fault", { action: "instance-stop", instance: "SQL-B1" });
    await assert.rejects(
      lab.request("fault", { action: "instance-start", instance: "SQL-B1" }),
      /1069\(The service did/,
    );
    const agent = "SELECT status_desc FROM sys.dm_server_services WHERE servicename LIKE '%Agent%';";
    assert.equal(await value(backup, agent), "Stopped");
    await lab.request("fault", { action: "unlock", account });
    await lab.request("fault", { action: "agent-start", instance: "SQL-B1" });
    assert.equal(await value(backup, agent), "Running");
  });

  it("take a right away and give it back", async () => {
    const [backup, path] = [lab.instance("SQL-B1"), lab.json.share.unc];
    const right = { host: "*", account: "DCI\\svc-sql-b1", path, access: "write" } as const;
    const file = `${path}\\right.bak`;
    await lab.request("fault", { action: "deny", ...right });
    await assert.rejects(query(backup, `BACKUP DATABASE mgccomp TO DISK = N'${file}';`), (error: Error) =>
      JSON.stringify(error).includes("5(Access is denied.)"),
    );
    await lab.request("fault", { action: "allow", ...right });
    await query(backup, `BACKUP DATABASE mgccomp TO DISK = N'${file}';`);
  });

  it("are refused for an account, a host, a drive or a share that nobody has, naming those that there are", async () => {
    const [account, path, access] = ["DCI\\svc-sql-b1", "D:\\SQLData", "read"] as const;
    const right = { host: "*", account, path, access };
    for (const [wrong, reason] of [
      [{ account: "DCI\\nobody" }, /No service runs as DCI\\nobody\..*Accounts: .*DCI\\svc-sql-b1/],
      [{ host: "SQL-X" }, /There is no host SQL-X\..*Hosts: SQL-P1, SQL-P2, SQL-B1, SQL-B2/],
      [{ path: "Q:\\x" }, /There is no Q:\..*Drives: C:, D:, E:; shares: \\\\files\./],
      [{ path: "\\\\other\\lslogs" }, /There is no \\\\other\\lslogs\./],
      [{ path: "SQLData" }, /SQLData is no Windows path\./],
    ] as const)
      await assert.rejects(lab.request("fault", { action: "deny", ...right, ...wrong }), (error: LabError) =>
        reason.test(`${error.message} ${error.hint}`),
      );
    await assert.rejects(lab.request("fault", { action: "lock-out", account: "DCI\\nobody" }), /No service runs as/);
    await lab.request("fault", { action: "deny", ...right, account: account.toUpperCase(), host: "sql-b1" });
    await lab.request("fault", { action: "allow", ...right, host: "sql-b1" });
  });

  it("damage one byte of a backup, which a verification finds", async () => {
    const [backup, file] = [lab.instance("SQL-B1"), `${lab.json.share.unc}\\failback\\damaged.bak`];
    await query(backup, `BACKUP DATABASE mgc TO DISK = N'${file}' WITH FORMAT, CHECKSUM;`);
    await query(backup, `RESTORE VERIFYONLY FROM DISK = N'${file}' WITH CHECKSUM;`);
    const path = join(lab.json.share.directory, "failback", "damaged.bak");
    const sound = readFileSync(path);
    const { status, stderr } = await lab.run("fault", "damage", "--file", file);
    assert.equal(status, 0, stderr);
    const damaged = readFileSync(path);
    assert.equal(damaged.length, sound.length);
    assert.equal([...damaged].filter((byte, index) => byte !== sound[index]).length, 1);
    await assert.rejects(query(backup, `RESTORE VERIFYONLY FROM DISK = N'${file}' WITH CHECKSUM;`));
  });

  it("damage a page of a database, which a backup with checksums finds (3043)", async () => {
    const backup = lab.instance("SQL-B1");
    const { status, stdout } = await lab.run("fault", "damage-page", "--instance", "SQL-B1", "--database", "mgccomp");
    assert.equal(status, 0);
    const page = /Page (\d+) of mgccomp/.exec(stdout)?.[1];
    const file = `${lab.json.share.unc}\\page.bak`;
    await assert.rejects(query(backup, `BACKUP DATABASE mgccomp TO DISK = N'${file}' WITH CHECKSUM;`), (error: Error) =>
      JSON.stringify(error).includes('"number":3043'),
    );
    const suspect = "SELECT page_id FROM msdb.dbo.suspect_pages WHERE database_id = DB_ID('mgccomp');";
    assert.equal(String(await value(backup, suspect)), page);
  });
});
