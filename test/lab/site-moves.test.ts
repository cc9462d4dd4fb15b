import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { LabDescription, LabStatus } from "../../lab/control-commands";
import { isProcessAlive } from "../../lab/state-file";
import { Lab, startLab } from "../support/lab";
import { query, until, value } from "./lab-queries";

const POOL = "lyncpc.dci.discovery.com";
const PRIMARY = ["SQL-P1", "SQL-P2"];
const STATE = "SELECT state_desc FROM sys.databases WHERE name = 'mgc';";
const FORK = "SELECT recovery_fork_guid FROM sys.database_recovery_status WHERE database_id = DB_ID('mgc');";

/** What a port does with a client: nobody listens, somebody answers PRELOGIN, or the line is dead. */
function portOf(port: number): Promise<"refused" | "answers" | "silent"> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    let wait: NodeJS.Timeout | undefined;
    const end = (seen: "refused" | "answers" | "silent"): void => {
      clearTimeout(wait);
      socket.destroy();
      resolve(seen);
    };
    socket.once("error", () => end("refused"));
    socket.once("data", () => end("answers"));
    // A server that reads garbage hangs up; a dead line does not.
    socket.once("close", () => end("answers"));
    socket.once("connect", () => {
      socket.write(Buffer.alloc(64, 0xff));
      wait = setTimeout(() => end("silent"), 300);
    });
  });
}

describe("moves of the primary site", function () {
  this.timeout(120_000);
  let lab: Lab;

  before(async () => {
    lab = await startLab({ scenario: "steady", chat: true, chatRate: 20 });
  });

  after(() => lab.stop());

  const status = (): Promise<LabStatus> => lab.request("status", {});
  const run = async (...args: string[]): Promise<string> => {
    const { status: code, stdout, stderr } = await lab.run(...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const runningInstances = async (): Promise<string[]> =>
    (await status()).instances.filter(({ running }) => running).map(({ name }) => name);
  const storedOn = (instance: string): Promise<unknown> =>
    until(
      `messages on ${instance}`,
      async () => (await status()).chat.connected,
      (connected) => connected.length > 0 && connected.every((one) => one.instance === instance),
    );
  const message = async (text: string): Promise<string> => (await lab.request("chat-send", { text })).id;
  const isOn = async (instance: string, id: string): Promise<unknown> =>
    value(lab.instance(instance), `SELECT COUNT(*) FROM mgc.dbo.tblChat WHERE content LIKE N'%[[]${id}]';`);

  it("are refused where they make no sense", async () => {
    for (const [command, reason] of [
      ["return", /error: The primary site is up/],
      ["rebuild", /error: lyncpc\.dci\.discovery\.com runs on its primary site: SQL-P1 is up/],
    ] as const) {
      const { status: code, stderr } = await lab.run(command);
      assert.equal(code, 1, command);
      assert.match(stderr, reason);
      assert.match(stderr, /hint: Take .* npm run lab -- outage/);
    }
    const { stderr } = await lab.run("outage", "--pool", "other.contoso.com");
    assert.match(stderr, /There is no pool other\.contoso\.com/);
    assert.equal((await runningInstances()).length, 4);
  });

  it("an outage takes instances and chat servers; the management store answers, the dead machines are behind", async () => {
    const done = JSON.parse(await run("outage", "--silent", "--json")) as { scenario: string; stopped: string[] };
    assert.deepEqual(done, { scenario: "outage", stopped: PRIMARY });
    assert.deepEqual(await runningInstances(), ["SQL-B1", "SQL-B2"]);
    for (const name of PRIMARY) assert.equal(await portOf(lab.instance(name).port), "silent", name);
    assert.equal(await portOf(lab.instance("SQL-B1").port), "answers");
    const { chat, lab: state } = await status();
    assert.deepEqual(chat.connected, []);
    assert.equal(state.scenario, "outage");
    await run("fault", "replication-delay", "--ms", "5");
    await shell(lab, "Set-CsPersistentChatActiveServer -ActiveServers $null -Confirm:$false");
    const behind = await until(
      "the living machines are up to date",
      () =>
        shell(
          lab,
          "@(Get-CsManagementStoreReplicationStatus | Where-Object { -not $_.UpToDate } | ForEach-Object { $_.ReplicaFqdn }) -join ','",
        ),
      (names) => names.split(",").length === 4,
    );
    assert.deepEqual(
      behind.split(","),
      [1, 2, 3, 4].map((n) => `chat-p${String(n)}.dci.discovery.com`),
    );
    await shell(
      lab,
      "Set-CsPersistentChatActiveServer -ActiveServers @{Replace='chat-p1.dci.discovery.com','chat-p2.dci.discovery.com'} -Confirm:$false",
    );
  });

  it("the site comes back with what was never shipped, mirrored, and the chat goes on there", async () => {
    await run("return");
    assert.deepEqual(await runningInstances(), ["SQL-P1", "SQL-P2", "SQL-B1", "SQL-B2"]);
    await storedOn("SQL-P1");
    const id = await message("Never shipped.");
    const fork = await value(lab.instance("SQL-P1"), FORK);
    await run("outage");
    assert.equal(await portOf(lab.instance("SQL-P1").port), "refused");
    await run("return");
    assert.equal(await isOn("SQL-P1", id), 1);
    assert.equal(await value(lab.instance("SQL-P1"), FORK), fork, "the fork of the private tail");
    await until(
      "the mirror follows again",
      () =>
        value(
          lab.instance("SQL-P1"),
          "SELECT mirroring_state_desc FROM sys.database_mirroring WHERE database_id = DB_ID('mgc');",
        ),
      (state) => state === "SYNCHRONIZED",
    );
    await storedOn("SQL-P1");
    assert.equal((await status()).lab.scenario, "returned");
  });

  it("an outage can take the share along; whoever fails the pool over works without it", async () => {
    await run("outage", "--lose-share");
    const backup = lab.instance("SQL-B1");
    await assert.rejects(
      query(backup, `BACKUP DATABASE mgccomp TO DISK = N'${lab.json.share.unc}\\failback\\gone.bak';`),
      (error: Error) => JSON.stringify(error).includes("53(The network path was not found.)"),
    );
    // By hand, and not in the lab's own way: no last logs, no mirror.
    await query(backup, "EXEC master.dbo.sp_delete_log_shipping_secondary_database mgc;");
    await query(backup, "RESTORE DATABASE mgc WITH RECOVERY;");
    await shell(lab, `Set-CsPersistentChatState -Identity 'service:${POOL}' -PoolState FailedOver -Confirm:$false`);
    await shell(
      lab,
      "Set-CsPersistentChatActiveServer -ActiveServers @{Replace='chat-b1.dci.discovery.com','chat-b2.dci.discovery.com'} -Confirm:$false",
    );
    await storedOn("SQL-B1");
    await message("On the backup.");
  });

  it("up resumes after kill -9: what was off is off, and the chat goes on", async () => {
    await run("fault", "deny", "--account", "DCI\\svc-sql-b2", "--path", "D:\\SQLData", "--access", "write");
    const [before, journalled] = [await status(), (await lab.journal()).length];
    const id = await message("Told stored just before.");
    process.kill(lab.json.pid, "SIGKILL");
    await until(
      "the daemon dies",
      () => Promise.resolve(isProcessAlive(lab.json.pid)),
      (alive) => !alive,
    );
    // As if the kill had cut a line: the rest of it is no entry and no message.
    for (const file of ["journal.jsonl", "chat-ledger.jsonl"]) cutLine(join(lab.json.directory, file));
    const refused = await lab.run("up", "--pools", "2");
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /would be resumed, but was made otherwise: --pools 2, and it has 1\.\n.*--fresh/);
    const resumed = new Lab(JSON.parse(await run("up", "--json")) as LabDescription);
    assert.notEqual(resumed.json.pid, lab.json.pid);
    lab = resumed;
    const now = await status();
    assert.equal(now.lab.scenario, "outage");
    assert.deepEqual(now.pools, before.pools);
    assert.deepEqual(
      now.instances.map(({ name, running, databases }) => [
        name,
        running,
        databases.map((one) => [one.name, one.state]),
      ]),
      before.instances.map(({ name, running, databases }) => [
        name,
        running,
        databases.map((one) => [one.name, one.state]),
      ]),
    );
    assert.equal(await isOn("SQL-B1", id), 1);
    await storedOn("SQL-B1");
    assert.ok((await lab.request("chat-report", {})).stored >= before.chat.stored + 1, "the ledger goes on");
    assert.ok(
      (await lab.journal()).every(({ n }, index) => n === index + 1) && (await lab.journal()).length > journalled,
    );
    const denied = await lab.run(
      "fault",
      "allow",
      "--account",
      "DCI\\svc-sql-b2",
      "--path",
      "D:\\SQLData",
      "--access",
      "write",
    );
    assert.equal(denied.status, 0, denied.stderr);
    await assert.rejects(query(lab.instance("SQL-B1"), `BACKUP LOG mgc TO DISK = N'${lab.json.share.unc}\\x.trn';`));
  });

  it("a rebuild makes new machines with empty databases and touches nothing else", async () => {
    const backup = lab.instance("SQL-B1");
    const left = join(lab.json.share.directory, "left.txt");
    writeFileSync(left, "what an operator left");
    const fork = await value(backup, FORK);
    const done = JSON.parse(await run("rebuild", "--json")) as { scenario: string; rebuilt: string[] };
    assert.deepEqual(done, { scenario: "rebuilt", rebuilt: PRIMARY });
    const primary = lab.instance("SQL-P1");
    assert.equal(await value(primary, STATE), "ONLINE");
    assert.equal(await value(primary, "SELECT COUNT(*) FROM mgc.dbo.tblChat;"), 0);
    assert.equal(await value(primary, "SELECT COUNT(*) FROM mgccomp.dbo.tblComplianceState;"), 1);
    assert.equal(await value(primary, "SELECT COUNT(*) FROM msdb.dbo.sysjobs;"), 0);
    assert.equal(await value(lab.instance("SQL-P2"), "SELECT COUNT(*) FROM sys.databases WHERE database_id > 4;"), 0);
    assert.equal(await value(backup, FORK), fork);
    assert.ok(existsSync(left), "the share is as it was");
    assert.equal((await status()).pools[0]?.poolState, "FailedOver");
    await query(backup, `BACKUP LOG mgc TO DISK = N'${lab.json.share.unc}\\x.trn';`);
    await storedOn("SQL-B1");
    // One move, although the process was killed in between: what the primary stored was never shipped.
    const { moves, pools } = await lab.request("chat-report", {});
    assert.deepEqual(
      moves.map(({ from, to, lost }) => [from, to, lost]),
      [["SQL-P1", "SQL-B1", pools[0]?.lost?.length]],
    );
    assert.ok(pools[0]?.lost?.every(({ instance }) => instance === "SQL-P1"));
    await run("rebuild", "--empty-share");
    assert.ok(!existsSync(left) && existsSync(join(lab.json.share.directory, "failback")));
  });

  it("up resumes after down, and starts anew with --fresh", async () => {
    const secret = readFileSync(join(lab.json.directory, "estate.json"), "utf8");
    assert.match(secret, /"scenario": "rebuilt"/);
    await run("down");
    lab = new Lab(JSON.parse(await run("up", "--json")) as LabDescription);
    assert.equal(lab.json.scenario, "rebuilt");
    assert.equal(await value(lab.instance("SQL-P1"), "SELECT COUNT(*) FROM mgc.dbo.tblChat;"), 0);
    await storedOn("SQL-B1");
    await run("down");
    lab = new Lab(JSON.parse(await run("up", "--fresh", "--database-size", "1MiB", "--json")) as LabDescription);
    assert.equal(lab.json.scenario, "steady");
    assert.equal((await status()).chat.stored, 0);
  });
});

/** Appends half a line. */
function cutLine(path: string): void {
  writeFileSync(path, '{"n":', { flag: "a" });
}

/** Runs a line in the lab's shell; answers its output. */
async function shell(lab: Lab, command: string): Promise<string> {
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  const { stdout } = await promisify(execFile)(lab.json.shell.executable, [
    "-NoProfile",
    "-NonInteractive",
    "-Command",
    command,
  ]);
  return stdout.trim();
}
