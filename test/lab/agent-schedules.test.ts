/** Schedules of SQL Server Agent: when they run next, and the Agent that keeps them. */
import assert from "node:assert/strict";
import { nextRun, type Schedule } from "../../lab/agent/schedule";
import { AgentEstate, oneStepJob, type Server, until } from "./agent-estate";

const EVERY_15_MINUTES: Schedule = {
  enabled: true,
  freqType: 4,
  freqInterval: 1,
  freqSubdayType: 4,
  freqSubdayInterval: 15,
  freqRelativeInterval: 0,
  freqRecurrenceFactor: 0,
  activeStartDate: 20260101,
  activeEndDate: 99991231,
  activeStartTime: 0,
  activeEndTime: 235900,
};

const at = (text: string): number => Date.parse(`${text}Z`);
const after = (schedule: Partial<Schedule>, time: string): string | undefined => {
  const next = nextRun({ ...EVERY_15_MINUTES, ...schedule }, at(time));
  return next === undefined ? undefined : new Date(next).toISOString().slice(0, 19);
};

describe("schedules", () => {
  it("run every 15 minutes between start and end time, and go on the next day", () => {
    assert.equal(after({}, "2026-03-05T10:07:00"), "2026-03-05T10:15:00");
    assert.equal(after({}, "2026-03-05T10:15:00"), "2026-03-05T10:30:00");
    assert.equal(after({ activeEndTime: 180000 }, "2026-03-05T18:00:00"), "2026-03-06T00:00:00");
    assert.equal(
      after({ activeStartTime: 220000, activeEndTime: 20000 }, "2026-03-06T01:50:00"),
      "2026-03-06T02:00:00",
    );
    assert.equal(
      after({ activeStartTime: 220000, activeEndTime: 20000 }, "2026-03-06T02:00:00"),
      "2026-03-06T22:00:00",
    );
  });

  it("begin with their first day and end with their last", () => {
    assert.equal(after({}, "2025-06-01T00:00:00"), "2026-01-01T00:00:00");
    assert.equal(after({ activeEndDate: 20260305 }, "2026-03-05T23:50:00"), undefined);
    assert.equal(after({ enabled: false }, "2026-03-05T10:00:00"), undefined);
  });

  it("run once, weekly, monthly and on the last Friday", () => {
    const atSix = { freqSubdayType: 1, activeStartTime: 60000 };
    assert.equal(after({ ...atSix, freqType: 1 }, "2025-12-31T23:00:00"), "2026-01-01T06:00:00");
    assert.equal(after({ ...atSix, freqType: 1 }, "2026-01-01T06:00:00"), undefined);
    // Monday and Wednesday (2 + 8) of every second week.
    const weekly = { ...atSix, freqType: 8, freqInterval: 10, freqRecurrenceFactor: 2, activeStartDate: 20260105 };
    assert.equal(after(weekly, "2026-01-07T07:00:00"), "2026-01-19T06:00:00");
    const monthly = { ...atSix, freqType: 16, freqInterval: 31, freqRecurrenceFactor: 1 };
    assert.equal(after(monthly, "2026-02-01T00:00:00"), "2026-03-31T06:00:00");
    const lastFriday = { ...atSix, freqType: 32, freqInterval: 6, freqRelativeInterval: 16, freqRecurrenceFactor: 1 };
    assert.equal(after(lastFriday, "2026-02-01T00:00:00"), "2026-02-27T06:00:00");
  });
});

describe("SQL Server Agent, jobs on schedules", () => {
  let estate: AgentEstate;
  let server: Server;

  beforeEach(async () => {
    // 15 minutes pass in a third of a second.
    estate = new AgentEstate(2700);
    server = await estate.start("SQL-P1");
    await server.run("CREATE TABLE tempdb.dbo.ticks (n int IDENTITY)");
    await server.run(oneStepJob("tick", { command: "INSERT tempdb.dbo.ticks DEFAULT VALUES;" }));
  });

  afterEach(() => estate.dispose());

  const schedule = `DECLARE @id int; EXEC msdb.dbo.sp_add_schedule @schedule_name = N'quarter', @freq_type = 4, @freq_interval = 1,
  @freq_subday_type = 4, @freq_subday_interval = 15, @schedule_id = @id OUTPUT;
EXEC msdb.dbo.sp_attach_schedule @job_name = N'tick', @schedule_id = @id; SELECT @id AS id;`;
  const ticks = async (): Promise<number> =>
    Number((await server.row("SELECT COUNT(*) AS n FROM tempdb.dbo.ticks"))["n"]);

  it("runs an enabled job every n minutes and says by which schedule", async () => {
    const { id } = await server.row(schedule);
    await until(ticks, (count) => count >= 2);
    const outcome = await server.row(
      "SELECT TOP 1 message FROM msdb.dbo.sysjobhistory WHERE step_id = 0 ORDER BY instance_id",
    );
    assert.ok(String(outcome["message"]).includes(`The Job was invoked by Schedule ${String(id)} (quarter).`));
    const plan = await server.row("SELECT next_run_date, next_run_time FROM msdb.dbo.sysjobschedules");
    assert.ok(Number(plan["next_run_date"]) > 20000101);
    // HHMMSS: on a quarter of an hour.
    const next = Number(plan["next_run_time"]);
    assert.equal((Math.floor(next / 100) % 100) % 15, 0, String(next));
    assert.equal(next % 100, 0, String(next));
  });

  it("keeps quiet while the job is disabled by a plain UPDATE, runs it on demand all the same, and goes on", async () => {
    await server.run(schedule);
    await until(ticks, (count) => count >= 1);
    await server.run("UPDATE msdb.dbo.sysjobs SET enabled = 0");
    await server.agent.idle();
    const before = await ticks();
    const waited = await server.row("SELECT DATEADD(minute, 60, GETDATE()) AS t");
    await until(
      () => server.row("SELECT GETDATE() AS t"),
      ({ t }) => Number(t) > Number(waited["t"]),
    );
    // A look that was under way when the job was disabled may have started it once.
    assert.ok((await ticks()) - before <= 1);
    await server.succeed("tick");
    await server.run("EXEC msdb.dbo.sp_update_job @job_name = N'tick', @enabled = 1");
    const again = await ticks();
    await until(ticks, (count) => count > again);
  });

  it("refuses an ambiguous name, an unknown schedule and a schedule without sense", async () => {
    const add = "EXEC msdb.dbo.sp_add_schedule @schedule_name = N'twin', @freq_type = 4, @freq_interval = 1";
    await server.run(`${add}; ${add};`);
    await server.refused("EXEC msdb.dbo.sp_attach_schedule @job_name = N'tick', @schedule_name = N'twin'", 14371);
    await server.refused("EXEC msdb.dbo.sp_attach_schedule @job_name = N'tick', @schedule_id = 4711", 14262);
    await server.refused("EXEC msdb.dbo.sp_attach_schedule @job_name = N'tick'", 14373);
    await server.refused(
      "EXEC msdb.dbo.sp_add_schedule @schedule_name = N'x', @freq_type = 4, @freq_interval = 0",
      14278,
    );
    await server.refused("EXEC msdb.dbo.sp_add_schedule @schedule_name = N'x', @freq_type = 3", 14266);
    await server.refused(
      "EXEC msdb.dbo.sp_add_schedule @schedule_name = N'x', @freq_type = 4, @active_start_date = 20261301",
      14287,
    );
  });
});
