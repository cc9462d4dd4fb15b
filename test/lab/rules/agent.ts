/** SQL Server Agent: what its procedures refuse, what a run leaves in the history. */
import assert from "node:assert/strict";
import { oneStepJob, type Server, until } from "../agent-estate";
import { documented, EXEC, known, onAgent } from "./on-agent";
import { cite } from "./sources";
import type { Rule } from "./support";

const HISTORY = "dbo.sysjobhistory (Transact-SQL)";
const STEP = "sp_add_jobstep (Transact-SQL)";
const START = "sp_start_job (Transact-SQL)";
const SCHEDULE = "sp_add_schedule (Transact-SQL)";
const errors14000 = cite("errors14000");
const WAITS = oneStepJob("long", { command: "WAITFOR DELAY '00:10:00';" });

/** 15 minutes pass in a third of a second. */
const FAST = 2700;

/** Starts the job that waits, and comes back when its step runs. */
async function running(server: Server): Promise<void> {
  await server.run(WAITS);
  await server.run(`${EXEC}sp_start_job @job_name = N'long'`);
  await until(
    () => server.run("SELECT last_executed_step_id AS n FROM msdb.dbo.sysjobactivity"),
    ([row]) => row?.["n"] === 1,
  );
}

export const agentRules: readonly Rule[] = [
  onAgent(
    documented("H1", `${START}; ${errors14000}`, "sp_start_job answers at once: 14243, return code 0"),
    async (server) => {
      await server.run(oneStepJob("good", { command: "SELECT 1 AS a;" }));
      const answer = await server.ask(
        `DECLARE @rc int; EXEC @rc = msdb.dbo.sp_start_job @job_name = N'good'; SELECT @rc AS rc`,
      );
      assert.deepEqual(
        answer.messages.map((one) => [one.number, one.text]),
        [[14243, "Job 'good' started successfully."]],
      );
      assert.equal(answer.sets[0]?.[0]?.["rc"], 0);
    },
  ),
  onAgent(known("H2", "a job that runs is not started again: 22022"), async (server) => {
    await running(server);
    await server.refused(`${EXEC}sp_start_job @job_name = N'long'`, 22022);
  }),
  onAgent(known("H3", "the Agent is stopped: 22022"), async (server) => {
    await server.run(WAITS);
    await server.agent.stop();
    await server.refused(`${EXEC}sp_start_job @job_name = N'long'`, 22022);
  }),
  onAgent(documented("H4", errors14000, "the Agent is starting: 14258"), async (server) => {
    await server.run(WAITS);
    await server.agent.stop();
    // The Agent writes its session into msdb before it runs: while another writes there, it is starting.
    const writer = server.instance.openInternalSession("DCI\\administrator", "test", "msdb");
    await server.ask("BEGIN TRANSACTION; UPDATE dbo.sysjobs SET description = N'x'", writer);
    const started = server.agent.start();
    await server.refused(`${EXEC}sp_start_job @job_name = N'long'`, 14258);
    await server.ask("ROLLBACK", writer);
    await started;
    await server.run(`${EXEC}sp_start_job @job_name = N'long'`);
  }),
  onAgent(documented("H5", errors14000, "a job without its server: 14256"), async (server) => {
    await server.run(`${EXEC}sp_add_job @job_name = N'bare'`);
    await server.refused(`${EXEC}sp_start_job @job_name = N'bare'`, 14256);
  }),
  onAgent(documented("H6", errors14000, "unknown job or schedule: 14262"), async (server) => {
    await server.refused(`${EXEC}sp_start_job @job_name = N'none'`, 14262);
    await server.run(`${EXEC}sp_add_job @job_name = N'bare'`);
    await server.refused(`${EXEC}sp_attach_schedule @job_name = N'bare', @schedule_id = 4711`, 14262);
  }),
  onAgent(documented("H7", errors14000, "a job's name is taken: 14261"), async (server) => {
    await server.run(`${EXEC}sp_add_job @job_name = N'bare'`);
    await server.refused(`${EXEC}sp_add_job @job_name = N'bare'`, 14261);
  }),
  onAgent(documented("H8", errors14000, "neither @job_id nor @job_name: 14294"), async (server) => {
    await server.refused(`${EXEC}sp_start_job`, 14294);
  }),
  onAgent(known("H9", "sp_start_job runs a disabled job"), async (server) => {
    await server.run(oneStepJob("off", { command: "SELECT 1 AS a;" }));
    await server.run(`${EXEC}sp_update_job @job_name = N'off', @enabled = 0`);
    await server.succeed("off");
  }),
  onAgent(
    documented("H10", SCHEDULE, "every n minutes between start and end; disabled or outside its dates: no run"),
    async (server) => {
      const daily = "@freq_type = 4, @freq_interval = 1, @freq_subday_type = 4, @freq_subday_interval = 15";
      for (const [name, more] of [
        ["runs", ""],
        ["disabled", ", @enabled = 0"],
        ["over", ", @active_start_date = 20000101, @active_end_date = 20001231"],
        ["later", ", @active_start_date = 20990101"],
      ] as const) {
        await server.run(oneStepJob(name, { command: "SELECT 1 AS a;" }));
        await server.run(`${EXEC}sp_add_jobschedule @job_name = N'${name}', @name = N'${name}', ${daily}${more}`);
      }
      const runs = `SELECT j.name, h.run_time FROM msdb.dbo.sysjobhistory h JOIN msdb.dbo.sysjobs j ON j.job_id = h.job_id
        WHERE h.step_id = 0 ORDER BY h.instance_id`;
      const rows = await until(
        () => server.run(runs),
        (found) => found.length >= 3,
      );
      assert.deepEqual(
        rows.filter((row) => row["name"] !== "runs"),
        [],
      );
      const plans = await server.run(
        `SELECT s.name, p.next_run_date AS d, p.next_run_time % 10000 / 100 % 15 AS t FROM msdb.dbo.sysjobschedules p
         JOIN msdb.dbo.sysschedules s ON s.schedule_id = p.schedule_id WHERE s.name IN (N'runs', N'over') ORDER BY s.name`,
      );
      assert.deepEqual(
        plans.map((row) => [row["name"], row["t"]]),
        [
          ["over", 0],
          ["runs", 0],
        ],
      );
      assert.equal(plans[0]?.["d"], 0);
    },
    FAST,
  ),
  onAgent(
    documented("H11", HISTORY, "a run leaves a row for each step and then step 0, with the server's name"),
    async (server) => {
      await server.run(oneStepJob("good", { command: "SELECT 1 AS a;" }));
      const rows = await server.runJob("good");
      assert.deepEqual(
        rows.map((row) => [row["step_id"], row["run_status"], row["server"]]),
        [
          [1, 1, "SQL-P1"],
          [0, 1, "SQL-P1"],
        ],
      );
    },
  ),
  onAgent(documented("H12", HISTORY, "the row of a step is not there while the step runs"), async (server) => {
    await running(server);
    assert.deepEqual(await server.run("SELECT step_id FROM msdb.dbo.sysjobhistory"), []);
  }),
  onAgent(known("H13", "a program that ends with another code fails its step"), async (server) => {
    await server.run(oneStepJob("bad", { subsystem: "CmdExec", command: "powershell.exe -Command exit 3" }));
    const [step] = await server.runJob("bad");
    assert.equal(step?.["run_status"], 0);
    assert.match(String(step["message"]), /Process Exit Code 3\. {2}The step failed\.$/);
  }),
  onAgent(known("H14", "a T-SQL step that raises fails, with SQLSTATE and number"), async (server) => {
    await server.run(oneStepJob("bad", { command: "RAISERROR('no good', 16, 1);" }));
    const [step] = await server.runJob("bad");
    assert.equal(step?.["run_status"], 0);
    assert.match(String(step["message"]), /no good \[SQLSTATE 42000\] \(Error 50000\)/);
  }),
  onAgent(documented("H16", STEP, "a T-SQL step runs as the job's owner"), async (server) => {
    await server.run(oneStepJob("who", { command: "PRINT SUSER_SNAME();" }));
    const [step] = await server.runJob("who");
    assert.match(
      String(step?.["message"]),
      /^Executed as user: DCI\\administrator\. DCI\\administrator \[SQLSTATE 01000\]/,
    );
  }),
  onAgent({ ...known("H17", "an unknown token keeps the step from starting"), source: STEP }, async (server) => {
    await server.run(oneStepJob("token", { command: "PRINT '$(ESCAPE_SQUOTE(WHATEVER))';" }));
    const [step] = await server.runJob("token");
    assert.match(String(step?.["message"]), /Variable WHATEVER not found/);
  }),
  onAgent(known("H18", "of a CmdExec command only the first line runs"), async (server) => {
    const command = "powershell.exe -Command exit 3\npowershell.exe -Command exit 0";
    await server.run(oneStepJob("lines", { subsystem: "CmdExec", command, more: ", @cmdexec_success_code = 3" }));
    await server.succeed("lines");
  }),
  onAgent(
    documented(
      "H19",
      `${STEP}; ${HISTORY}`,
      "a message ends at 4,000 characters; flags 8 and 16 keep all of it; 32 tells it",
    ),
    async (server) => {
      const say = "powershell.exe -Command Write-Output ('x' * 5000); exit 0";
      const message = async (name: string, flags: number): Promise<string> => {
        await server.run(oneStepJob(name, { subsystem: "CmdExec", command: say, more: `, @flags = ${String(flags)}` }));
        const [step] = await server.runJob(name);
        return String(step?.["message"]);
      };
      const kept = async (name: string): Promise<number> =>
        String((await server.row(`${EXEC}sp_help_jobsteplog @job_name = N'${name}'`))["log"]).replace(/[^x]/g, "")
          .length;
      assert.doesNotMatch(await message("silent", 0), /x{10}/);
      assert.equal((await message("told", 32)).length, 4000);
      for (const [name, flags, length] of [
        ["anew", 8, 5000],
        ["behind", 16, 10_000],
      ] as const) {
        await message(name, flags);
        assert.equal(await kept(name), 5000);
        await server.succeed(name);
        assert.equal(await kept(name), length, name);
      }
    },
  ),
  onAgent(
    documented("H20", "sp_stop_job (Transact-SQL)", "a stopped run is canceled (3); an idle job is refused: 22022"),
    async (server) => {
      await running(server);
      await server.run(`${EXEC}sp_stop_job @job_name = N'long'`);
      const rows = await until(
        () => server.run("SELECT run_status FROM msdb.dbo.sysjobhistory WHERE step_id = 0"),
        (found) => found.length === 1,
      );
      assert.deepEqual(rows, [{ run_status: 3 }]);
      await server.refused(`${EXEC}sp_stop_job @job_name = N'long'`, 22022);
    },
  ),
  onAgent(
    documented("H21", "sp_delete_job (Transact-SQL)", "sp_delete_job takes steps and history along"),
    async (server) => {
      await server.run(oneStepJob("gone", { command: "SELECT 1 AS a;" }));
      await server.succeed("gone");
      await server.run(`${EXEC}sp_delete_job @job_name = N'gone'`);
      for (const table of ["sysjobs", "sysjobsteps", "sysjobservers", "sysjobhistory"])
        assert.deepEqual(await server.run(`SELECT * FROM msdb.dbo.${table}`), [], table);
    },
  ),
  onAgent(documented("H22", SCHEDULE, "two schedules may have one name"), async (server) => {
    const add = `${EXEC}sp_add_schedule @schedule_name = N'twin', @freq_type = 4, @freq_interval = 1;`;
    await server.run(`${add} ${add}`);
    assert.equal((await server.run("SELECT schedule_id FROM msdb.dbo.sysschedules WHERE name = N'twin'")).length, 2);
  }),
  onAgent(
    known("H25", "the Agent dies in a run: no outcome, the old session's activity has no stop"),
    async (server) => {
      await running(server);
      server.agent.kill();
      await server.agent.start();
      assert.deepEqual(await server.run("SELECT step_id FROM msdb.dbo.sysjobhistory"), []);
      const [left] = await server.run(
        "SELECT stop_execution_date AS e FROM msdb.dbo.sysjobactivity WHERE start_execution_date IS NOT NULL",
      );
      assert.equal(left?.["e"], null);
    },
  ),
  onAgent(
    documented("H27", "sp_help_job (Transact-SQL)", "current_execution_status: 1 while it runs, 4 idle"),
    async (server) => {
      const status = async (): Promise<unknown> =>
        (await server.row(`${EXEC}sp_help_job @job_name = N'long', @job_aspect = N'JOB'`))["current_execution_status"];
      await running(server);
      assert.equal(await status(), 1);
      await server.agent.stop();
      assert.equal(await status(), 4);
    },
  ),
];
