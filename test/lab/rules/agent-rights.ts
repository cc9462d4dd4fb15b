/** SQL Server Agent, continued: whose rights a step has, who may touch a job, and an account that cannot log on. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerSession } from "../../../lab/server/server-session";
import { WindowsError } from "../../../lab/windows/files";
import { oneStepJob, SHARE, type Server } from "../agent-estate";
import { documented, EXEC, known, onAgent } from "./on-agent";
import { cite } from "./sources";
import type { Rule } from "./support";

const STEP = "sp_add_jobstep (Transact-SQL)";
const ACCOUNT = "DCI\\svc-agent-p1";
const START = `${EXEC}sp_start_job @job_name = N'good'`;
const GOOD = oneStepJob("good", { command: "SELECT 1 AS a;" });

/** A login with a user in msdb that is a member of no role. */
async function makeTeller(server: Server): Promise<void> {
  await server.run("CREATE LOGIN teller WITH PASSWORD = N'Teller-1'; USE msdb; CREATE USER teller FOR LOGIN teller");
}

/** A session of that login, member of one more role of msdb. */
async function tellerIn(server: Server, role: string): Promise<ServerSession> {
  await server.run(`USE msdb; EXEC sp_addrolemember N'${role}', N'teller'`);
  return server.instance.openInternalSession("teller", "test");
}

export const agentRightsRules: readonly Rule[] = [
  onAgent(
    documented("H15", STEP, "CmdExec without a proxy: the Agent's account for an owner in sysadmin, else refused"),
    async (server) => {
      const step = { subsystem: "CmdExec", command: "powershell.exe -Command exit 0" };
      await server.run(oneStepJob("of sysadmin", step));
      const [good] = await server.runJob("of sysadmin");
      assert.deepEqual(good?.["run_status"], 1);
      assert.ok(String(good["message"]).startsWith(`Executed as user: ${ACCOUNT}. `), String(good["message"]));
      await makeTeller(server);
      const teller = await tellerIn(server, "SQLAgentUserRole");
      assert.deepEqual((await server.ask(oneStepJob("of teller", step), teller)).errors, []);
      const [refused] = await server.runJob("of teller");
      assert.equal(refused?.["run_status"], 0);
      assert.match(String(refused["message"]), /Non-SysAdmins have been denied permission to run CmdExec .* proxy/);
    },
  ),
  onAgent(
    documented(
      "H23",
      cite("errors14000"),
      "sp_attach_schedule of a schedule of somebody else: 14377, but for sysadmin",
    ),
    async (server) => {
      const add = `${EXEC}sp_add_schedule @freq_type = 4, @freq_interval = 1, @schedule_name = `;
      const attach = `${EXEC}sp_attach_schedule @job_name = N'own', @schedule_name = `;
      await makeTeller(server);
      const teller = await tellerIn(server, "SQLAgentUserRole");
      await server.run(`${add}N'of sysadmin'`);
      assert.deepEqual(
        (await server.ask(`${EXEC}sp_add_job @job_name = N'own'; ${add}N'of teller'`, teller)).errors,
        [],
      );
      assert.deepEqual((await server.ask(`${attach}N'of sysadmin'`, teller)).errors, [14377]);
      assert.deepEqual((await server.ask(`${attach}N'of teller'`, teller)).errors, []);
      await server.run(`${attach}N'of sysadmin'`);
    },
  ),
  onAgent(
    documented(
      "H24",
      cite("errors14000", "agentRoles"),
      "a job of somebody else: 229 without role, 14262 as user, 14393 as reader; an operator starts it",
    ),
    async (server) => {
      await server.run(GOOD);
      await makeTeller(server);
      const outsider = server.instance.openInternalSession("teller", "test");
      assert.deepEqual((await server.ask(START, outsider)).errors, [229]);
      for (const [role, errors] of [
        ["SQLAgentUserRole", [14262]],
        ["SQLAgentReaderRole", [14393]],
        ["SQLAgentOperatorRole", []],
      ] as const)
        assert.deepEqual((await server.ask(START, await tellerIn(server, role))).errors, errors, role);
    },
  ),
  onAgent(
    known(
      "H26",
      "the service's account is locked out: 1069 of Windows, the service stays stopped (status 1)",
      "System Error Codes (1000-1299)",
    ),
    async (server, { files }) => {
      const status =
        "SELECT status, status_desc FROM sys.dm_server_services WHERE servicename LIKE N'SQL Server Agent%'";
      await server.run(GOOD);
      files.lockOut(ACCOUNT);
      // A service that runs goes on.
      await server.succeed("good");
      await server.agent.stop();
      await assert.rejects(server.agent.start(), (error) => error instanceof WindowsError && error.code === 1069);
      assert.deepEqual(await server.run(status), [{ status: 1, status_desc: "Stopped" }]);
      await server.refused(START, 22022);
      files.unlock(ACCOUNT);
      await server.agent.start();
      assert.deepEqual(await server.run(status), [{ status: 4, status_desc: "Running" }]);
    },
  ),
  onAgent(
    known("H28", "a step has the rights of the Agent's account on folders: access denied", STEP),
    async (server, { files }) => {
      writeFileSync(join(files.shareDirectory(SHARE), "there.txt"), "there");
      const script = `try { Get-Content -LiteralPath '${SHARE}\\there.txt' -ErrorAction Stop; exit 0 } catch { Write-Output $_.Exception.Message; exit 5 }`;
      const command = `powershell.exe -NoProfile -EncodedCommand ${Buffer.from(script, "utf16le").toString("base64")}`;
      await server.run(oneStepJob("reads", { subsystem: "CmdExec", command, more: ", @flags = 32" }));
      await server.succeed("reads");
      files.deny({ host: "*", account: ACCOUNT, path: SHARE, access: "read" });
      const [step] = await server.runJob("reads");
      assert.equal(step?.["run_status"], 0);
      assert.match(
        String(step["message"]),
        /Access to the path .* is denied\. .*Process Exit Code 5\. {2}The step failed\.$/,
      );
    },
  ),
];
