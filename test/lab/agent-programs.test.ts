/** CmdExec and PowerShell steps: as the Agent's account on the instance's host, in the lab's files only. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { powerShellCommand } from "../../estate/agent-script";
import { PROBE_EXITS, probeSaid, probeScript, processExitCode, type ProbeTask } from "../../estate/probe-script";
import { AgentEstate, COPY_FOLDER, oneStepJob, type Server, SHARE } from "./agent-estate";

const ACCOUNT = "DCI\\svc-agent-b1";
const TASK: ProbeTask = {
  readFolder: SHARE,
  readFile: `${SHARE}\\there.bak`,
  writeFolder: COPY_FOLDER,
  writeFile: "probe.tmp",
  removeFiles: [`${COPY_FOLDER}\\left.tmp`],
};

/** Message of the step of a probe that ran once. */
async function probe(server: Server, task = TASK): Promise<string> {
  const job = oneStepJob("probe", {
    subsystem: "CmdExec",
    command: powerShellCommand(probeScript(task)),
    more: ", @flags = 32",
  });
  await server.run(`${job}\nEXEC msdb.dbo.sp_update_job @job_id = @job, @owner_login_name = N'sa';`);
  const [step] = await server.runJob("probe");
  await server.run("EXEC msdb.dbo.sp_delete_job @job_name = N'probe'");
  return String(step?.["message"]);
}

describe("SQL Server Agent, steps of programs", () => {
  let estate: AgentEstate;
  let server: Server;

  beforeEach(async () => {
    estate = new AgentEstate();
    server = await estate.start("SQL-B1");
    writeFileSync(join(estate.files.shareDirectory(SHARE), "there.bak"), "there");
  });

  afterEach(() => estate.dispose());

  it("runs the product's probe and shows the account and the free space", async () => {
    const message = await probe(server);
    assert.ok(message.startsWith(`Executed as user: ${ACCOUNT}. {"account":`), message);
    assert.ok(message.endsWith("Process Exit Code 0.  The step succeeded."), message);
    const said = probeSaid(message);
    assert.equal(said?.account, ACCOUNT);
    assert.ok((said.readFree ?? 0) > 0 && (said.writeFree ?? 0) > 0);
  });

  for (const [code, access, path] of [
    [11, "list", SHARE],
    [12, "read", SHARE],
    [21, "write", COPY_FOLDER],
    [22, "read", COPY_FOLDER],
    [23, "delete", COPY_FOLDER],
  ] as const) {
    it(`ends the probe with ${String(code)} when the account lacks the right ${PROBE_EXITS[code].right}`, async () => {
      estate.files.deny({ host: "*", account: ACCOUNT, path, access });
      assert.equal(processExitCode(await probe(server)), code);
    });
  }

  it("ends the probe with 20 when the folder is not there", async () => {
    assert.equal(processExitCode(await probe(server, { ...TASK, writeFolder: "D:\\Nowhere" })), 20);
  });

  it("moves files into a new folder by script", async () => {
    const script = `$null = New-Item -ItemType Directory -Path '${SHARE}\\old' -ErrorAction Stop
Move-Item -LiteralPath '${SHARE}\\there.bak' -Destination '${SHARE}\\old' -ErrorAction Stop
exit 0`;
    await server.run(oneStepJob("move", { subsystem: "CmdExec", command: powerShellCommand(script) }));
    await server.succeed("move");
    assert.equal(estate.files.locate("SQL-B1", ACCOUNT, `${SHARE}\\old\\there.bak`, "read").kind, "file");
  });

  it("starts no program that the lab does not have, and only the first line of a command", async () => {
    await server.run(oneStepJob("shell", { subsystem: "CmdExec", command: "/bin/sh -c 'exit 0'" }));
    const [step] = await server.runJob("shell");
    assert.match(
      String(step?.["message"]),
      /The process could not be created for step 1 of job 0x[0-9A-F]{32} \(reason: The system cannot find the file specified\)\. {2}The step failed\.$/,
    );
    await server.run(
      oneStepJob("lines", {
        subsystem: "CmdExec",
        command: "powershell.exe -Command exit 3\npowershell.exe -Command exit 0",
        more: ", @cmdexec_success_code = 3",
      }),
    );
    await server.succeed("lines");
  });

  it("cuts a message at 4,000 characters and keeps its end, and keeps all of it in sysjobstepslogs", async () => {
    await server.run(
      oneStepJob("wordy", {
        subsystem: "CmdExec",
        command: "powershell.exe -Command Write-Output ('x' * 9000); exit 7",
        more: ", @flags = 40",
      }),
    );
    const [step] = await server.runJob("wordy");
    const message = String(step?.["message"]);
    assert.equal(message.length, 4000);
    assert.ok(message.endsWith("...  Process Exit Code 7.  The step failed."), message.slice(-80));
    const log = await server.row("EXEC msdb.dbo.sp_help_jobsteplog @job_name = N'wordy'");
    assert.ok(String(log["log"]).startsWith("x".repeat(9000)));
  });

  it("puts tokens in and refuses those that it does not know", async () => {
    await server.run(oneStepJob("token", { command: "PRINT '$(ESCAPE_SQUOTE(SRVR))';" }));
    const [good] = await server.runJob("token");
    assert.match(String(good?.["message"]), /SQL-B1 \[SQLSTATE 01000\]/);
    await server.run(oneStepJob("unknown", { command: "PRINT '$(ESCAPE_SQUOTE(WHATEVER))';" }));
    const [bad] = await server.runJob("unknown");
    assert.equal(
      bad?.["message"],
      "Unable to start execution of step 1 (reason: Variable WHATEVER not found).  The step failed.",
    );
  });
});
