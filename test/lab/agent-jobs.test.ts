/** Jobs of SQL Server Agent: on demand, their steps and history, what the procedures refuse. */
import assert from "node:assert/strict";
import { AgentEstate, oneStepJob, type Server, until } from "./agent-estate";

describe("SQL Server Agent, jobs on demand", () => {
  let estate: AgentEstate;
  let server: Server;

  beforeEach(async () => {
    estate = new AgentEstate();
    server = await estate.start("SQL-P1");
  });

  afterEach(() => estate.dispose());

  it("runs a T-SQL step as the owner and tells of it, step by step and as a whole", async () => {
    await server.run(
      oneStepJob("good", {
        command:
          "PRINT 'hello'; SELECT 1 AS a; CREATE TABLE tempdb.dbo.made (who sysname); INSERT tempdb.dbo.made VALUES (SUSER_SNAME());",
      }),
    );
    const [step, outcome] = await server.runJob("good");
    assert.equal(
      step?.["message"],
      "Executed as user: DCI\\administrator. hello [SQLSTATE 01000] (Message 0)  The step succeeded.",
    );
    assert.deepEqual([step["step_id"], step["run_status"], step["server"]], [1, 1, "SQL-P1"]);
    assert.deepEqual([outcome?.["step_name"], outcome?.["run_status"]], ["(Job outcome)", 1]);
    assert.equal(
      outcome?.["message"],
      "The job succeeded.  The Job was invoked by User DCI\\administrator.  The last step to run was step 1 (one).",
    );
    assert.deepEqual(await server.run("SELECT who FROM tempdb.dbo.made"), [{ who: "DCI\\administrator" }]);
    const ran = estate.journal.find((entry) => entry.text.startsWith("PRINT 'hello'"));
    assert.match(ran?.client ?? "", /^SQLAgent - TSQL JobStep \(Job 0x[0-9A-F]{32} : Step 1\)$/);
  });

  it("fails a step that raises, with the error in its message, and keeps run_date and run_time as local numbers", async () => {
    await server.run(oneStepJob("bad", { command: "RAISERROR('no good', 16, 1); SELECT 1 AS a;" }));
    const [step, outcome] = await server.runJob("bad");
    assert.match(String(step?.["message"]), /no good \[SQLSTATE 42000\] \(Error 50000\) {2}The step failed\.$/);
    assert.deepEqual([step?.["run_status"], outcome?.["run_status"], step?.["sql_message_id"]], [0, 0, 50000]);
    const now = await server.row(
      "SELECT CAST(CONVERT(char(8), GETDATE(), 112) AS int) AS today, DATEPART(hour, GETDATE()) AS hour",
    );
    assert.equal(outcome?.["run_date"], now["today"]);
    assert.ok(Math.abs(Math.floor(Number(outcome?.["run_time"]) / 10_000) - Number(now["hour"])) <= 1);
    const job = await server.row("EXEC msdb.dbo.sp_help_job @job_name = N'bad', @job_aspect = N'JOB'");
    assert.deepEqual([job["last_run_outcome"], job["current_execution_status"]], [0, 4]);
  });

  it("follows the actions of the steps and tries again as often as asked", async () => {
    await server.run(
      `CREATE TABLE tempdb.dbo.trail (n int);
${oneStepJob("steps", { command: "INSERT tempdb.dbo.trail VALUES (1); RAISERROR('again', 16, 1);", more: ", @retry_attempts = 2, @on_fail_action = 4, @on_fail_step_id = 3" })}
EXEC msdb.dbo.sp_add_jobstep @job_id = @job, @step_name = N'left out', @command = N'INSERT tempdb.dbo.trail VALUES (2);';
EXEC msdb.dbo.sp_add_jobstep @job_id = @job, @step_name = N'mends', @command = N'INSERT tempdb.dbo.trail VALUES (3);';`,
    );
    const rows = await server.runJob("steps");
    assert.deepEqual(
      rows.map((row) => [row["step_id"], row["run_status"]]),
      [
        [1, 2],
        [1, 2],
        [1, 0],
        [3, 1],
        [0, 1],
      ],
    );
    assert.deepEqual(
      (await server.run("SELECT n FROM tempdb.dbo.trail")).map((row) => row["n"]),
      [1, 1, 1, 3],
    );
  });

  it("runs one job once at a time and stops it when asked", async () => {
    await server.run(oneStepJob("long", { command: "WAITFOR DELAY '00:10:00';" }));
    const started = await server.ask("EXEC msdb.dbo.sp_start_job @job_name = N'long'");
    assert.equal(started.messages[0]?.text, "Job 'long' started successfully.");
    const again = await server.ask(
      "DECLARE @rc int; EXEC @rc = msdb.dbo.sp_start_job @job_name = N'long'; SELECT @rc AS rc, @@ERROR AS error",
    );
    assert.deepEqual(again.errors, [22022]);
    assert.match(
      again.messages[0]?.text ?? "",
      /^SQLServerAgent Error: Request to run job long \(from User DCI\\administrator\) refused because the job is already running/,
    );
    assert.equal(again.sets[0]?.[0]?.["rc"], 1);
    const active =
      "SELECT start_execution_date AS s, stop_execution_date AS e, last_executed_step_id AS n FROM msdb.dbo.sysjobactivity";
    const [running] = await until(
      () => server.run(active),
      ([row]) => row?.["n"] === 1,
    );
    assert.ok(running?.["s"] !== null && running?.["e"] === null);
    await server.run("EXEC msdb.dbo.sp_stop_job @job_name = N'long'");
    const rows = await until(
      () => server.run("SELECT step_id, run_status, message FROM msdb.dbo.sysjobhistory ORDER BY instance_id"),
      (all) => all.length === 2,
    );
    assert.deepEqual(
      rows.map((row) => row["run_status"]),
      [3, 3],
    );
    assert.match(String(rows[1]?.["message"]), /^The job was stopped prior to completion by User DCI\\administrator\./);
    await server.refused("EXEC msdb.dbo.sp_stop_job @job_name = N'long'", 22022);
    assert.notEqual((await server.row(active))["e"], null);
  });

  it("refuses with SQL Server's numbers", async () => {
    await server.run("EXEC msdb.dbo.sp_add_job @job_name = N'bare'");
    await server.refused("EXEC msdb.dbo.sp_add_job @job_name = N'bare'", 14261);
    await server.refused("EXEC msdb.dbo.sp_start_job @job_name = N'bare'", 14256);
    await server.refused("EXEC msdb.dbo.sp_start_job @job_name = N'none'", 14262);
    await server.refused("EXEC msdb.dbo.sp_start_job", 14294);
    await server.refused(
      "EXEC msdb.dbo.sp_update_job @job_id = '00000000-0000-0000-0000-000000000001', @enabled = 0",
      14262,
    );
    await server.refused(
      "EXEC msdb.dbo.sp_add_jobstep @job_name = N'bare', @step_name = N'x', @subsystem = N'Magic'",
      14234,
    );
    await server.refused("EXEC msdb.dbo.sp_add_job @job_name = N'other', @owner_login_name = N'nobody'", 14234);
    await server.refused("EXEC msdb.dbo.sp_add_jobserver @job_name = N'bare', @server_name = N'ELSEWHERE'", 14262);
    await server.refused("EXEC msdb.dbo.sp_add_job", 201);
  });

  it("answers 22022 while the service is stopped, and does not run what was missed", async () => {
    await server.run(oneStepJob("idle", { command: "SELECT 1 AS a;" }));
    await server.agent.stop();
    const { messages } = await server.ask("EXEC msdb.dbo.sp_start_job @job_name = N'idle'");
    assert.equal(messages[0]?.text, "SQLServerAgent is not currently running so it cannot be notified of this action.");
    const service = "SELECT status_desc FROM sys.dm_server_services WHERE servicename LIKE 'SQL Server Agent%'";
    assert.deepEqual(await server.run(service), [{ status_desc: "Stopped" }]);
    await server.agent.start();
    assert.deepEqual(await server.run(service), [{ status_desc: "Running" }]);
    assert.deepEqual(await server.run("SELECT MAX(session_id) AS s FROM msdb.dbo.syssessions"), [{ s: 2 }]);
    await server.succeed("idle");
  });

  it("leaves no outcome behind when the service dies in a run", async () => {
    await server.run(oneStepJob("long", { command: "WAITFOR DELAY '00:10:00';" }));
    await server.run("EXEC msdb.dbo.sp_start_job @job_name = N'long'");
    const active =
      "SELECT session_id, start_execution_date AS s, stop_execution_date AS e FROM msdb.dbo.sysjobactivity WHERE start_execution_date IS NOT NULL";
    await until(
      () => server.run(active),
      (rows) => rows.length === 1,
    );
    server.agent.kill();
    await server.agent.start();
    const [left] = await server.run(active);
    assert.deepEqual([left?.["session_id"], left?.["e"]], [1, null]);
    assert.deepEqual(await server.run("SELECT step_id FROM msdb.dbo.sysjobhistory"), []);
  });

  it("deletes a job with its steps, history and unused schedules", async () => {
    await server.run(oneStepJob("gone", { command: "SELECT 1 AS a;" }));
    await server.run(
      "EXEC msdb.dbo.sp_add_jobschedule @job_name = N'gone', @name = N'once', @freq_type = 1, @active_start_date = 20991231",
    );
    await server.succeed("gone");
    await server.run("EXEC msdb.dbo.sp_delete_job @job_name = N'gone'");
    for (const table of ["sysjobs", "sysjobsteps", "sysjobservers", "sysjobschedules", "sysschedules", "sysjobhistory"])
      assert.deepEqual(await server.run(`SELECT * FROM msdb.dbo.${table}`), [], table);
  });

  it("lets no login without a role near the jobs, and a member see and start its own only", async () => {
    await server.run(oneStepJob("admins", { command: "SELECT 1 AS a;" }));
    await server.run("CREATE LOGIN teller WITH PASSWORD = 'Pa55word!x'");
    const { instance } = server;
    const outsider = instance.openInternalSession("teller", "test");
    const denied = await server.ask("EXEC msdb.dbo.sp_start_job @job_name = N'admins'", outsider);
    assert.deepEqual(denied.errors, [229]);
    outsider.close();
    await server.run(
      "USE msdb; CREATE USER teller FOR LOGIN teller; EXEC sp_addrolemember N'SQLAgentUserRole', N'teller';",
    );
    const member = instance.openInternalSession("teller", "test");
    assert.deepEqual((await server.ask("EXEC msdb.dbo.sp_start_job @job_name = N'admins'", member)).errors, [14262]);
    const own = await server.ask(
      oneStepJob("own", { subsystem: "CmdExec", command: "powershell.exe -Command exit 0" }),
      member,
    );
    assert.deepEqual(own.errors, []);
    member.close();
    const [step] = await server.runJob("own");
    assert.match(
      String(step?.["message"]),
      /Non-SysAdmins have been denied permission to run CmdExec job steps without a proxy/,
    );
  });
});
