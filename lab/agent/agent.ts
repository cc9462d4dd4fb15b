/**
 * SQL Server Agent of one instance: a service that runs the jobs of msdb by their schedules and on demand.
 * Source: sql-docs ssms/agent/sql-server-agent.md; relational-databases/system-tables/dbo-{syssessions,sysjobschedules}-transact-sql.md.
 */
import type { ServiceState } from "../server/catalog/server";
import type { Instance } from "../server/instance";
import { type AgentClock, agentClock } from "./agent-clock";
import { agentError } from "./agent-errors";
import { dateNumber, datetime, timeNumber } from "./calendar-numbers";
import { beginAgentSession, REQUEST_SOURCE } from "./job-history";
import { deleteJob } from "./delete-job";
import { findJob, type Job, jobOf, type NamedSchedule, scheduleOf, schedulesOf, stepsOf } from "./job-rows";
import { JobRun, type RunRequest, StopRequest } from "./job-run";
import { agentProcedures } from "./procedures/registry";
import { numberOf, textOf } from "./row-values";
import { AT_AGENT_START, nextRun } from "./schedule";

/** What an Agent is made with. */
export interface AgentOptions {
  /** The instance whose service it is; host, files and the service's account are the instance's. */
  readonly instance: Instance;
  /** Default: the machine's pace. An instance whose `utcTime` runs faster needs a clock that does so too. */
  readonly clock?: AgentClock;
}

/** How often due jobs are looked for, in milliseconds of the Agent's clock. */
const TICK = 1000;

/** When a schedule of a job runs next, and of which state of its row that is true. */
interface Planned {
  readonly at: number | undefined;
  readonly state: string;
}

/**
 * The service. Made stopped; its procedures are there from then on and answer 22022 until it is started.
 * One run of a job at a time; rows of msdb are read again at each look, so that whoever changes them is heard.
 */
export class Agent {
  readonly instance: Instance;
  readonly #clock: AgentClock;
  readonly #runs = new Map<string, { readonly run: JobRun; readonly ended: Promise<void> }>();
  readonly #planned = new Map<string, Planned>();
  #state: ServiceState = "stopped";
  #sessionId = 0;
  #cancelTick: (() => void) | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: AgentOptions) {
    this.#clock = options.clock ?? agentClock();
    this.instance = options.instance;
    this.instance.registerProcedures(agentProcedures(this));
    this.instance.agentState = () => this.#state;
  }

  /** As sys.dm_server_services shows the service. */
  get state(): ServiceState {
    return this.#state;
  }

  /** syssessions.session_id of the service's present session; 0 before its first start. */
  get sessionId(): number {
    return this.#sessionId;
  }

  /**
   * Starts the service: a new session in msdb, then jobs that run when the Agent starts. Does nothing when it runs.
   * Throws WindowsError 1069 when its account cannot log on: it stays stopped.
   */
  async start(): Promise<void> {
    if (this.#state !== "stopped") return;
    this.instance.files.logOnService(this.instance.agentAccount);
    this.#state = "starting";
    try {
      this.#sessionId = await beginAgentSession(this.instance);
    } catch (error) {
      this.#state = "stopped";
      throw error;
    }
    this.#planned.clear();
    this.#state = "running";
    await this.#startAtBoot();
    this.#tick();
  }

  /** Stops the service as the service control manager does: running jobs are canceled and written down as such. */
  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stopping";
    this.#cancelTick?.();
    await this.#looking;
    for (const { run } of this.#runs.values()) run.stop(new StopRequest("Shutdown Sequence 0"));
    await this.idle();
    this.#state = "stopped";
  }

  /** The process of the service dies: nothing of the running jobs is written down any more. */
  kill(): void {
    this.#state = "stopped";
    this.#cancelTick?.();
    for (const { run } of this.#runs.values()) run.abandon();
    this.#runs.clear();
  }

  /** Resolves when no job runs. */
  async idle(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all([...this.#runs.values()].map(({ ended }) => ended));
  }

  isRunning(jobId: string): boolean {
    return this.#runs.has(jobId.toUpperCase());
  }

  /** The run in hand of a job; undefined when it is idle. */
  runOf(jobId: string): JobRun | undefined {
    return this.#runs.get(jobId.toUpperCase())?.run;
  }

  /** Throws 22022 when the service does not run, 14258 while it starts. */
  requireRunning(): void {
    if (this.#state === "starting") throw agentError(14258);
    if (this.#state !== "running")
      throw agentError(22022, "is not currently running so it cannot be notified of this action.");
  }

  /**
   * Starts a job on demand, enabled or not, and answers at once.
   * @param user login that asks
   * Throws 22022 (not running, job runs already), 14258.
   */
  startJob(job: Job, user: string, firstStepId?: number): void {
    this.requireRunning();
    const running = this.runOf(job.jobId);
    if (running !== undefined)
      throw agentError(
        22022,
        `Error: Request to run job ${job.name} (from User ${user}) refused because the job is already running from a request by ${running.request.invokedBy}.`,
      );
    this.#run(job, {
      source: REQUEST_SOURCE.user,
      invokedBy: `User ${user}`,
      ...(firstStepId === undefined ? {} : { firstStepId }),
    });
  }

  /** Stops a running job; its end comes later. Throws 22022 (not running, job idle), 14258. */
  stopJob(job: Job, user: string): void {
    this.requireRunning();
    const running = this.runOf(job.jobId);
    if (running === undefined)
      throw agentError(
        22022,
        `Error: Request to stop job ${job.name} (from User ${user}) refused because the job is not currently running.`,
      );
    running.stop(new StopRequest(`User ${user}`));
  }

  /** When a job runs next by its schedules, milliseconds of the local clock; undefined = never. */
  nextRunOf(jobId: string): { readonly at: number; readonly schedule: NamedSchedule } | undefined {
    const now = this.instance.localTime();
    return schedulesOf((table, where) => this.instance.msdb.rows(table, where), jobId)
      .flatMap((schedule) => {
        const at = nextRun(schedule, now);
        return at === undefined ? [] : [{ at, schedule }];
      })
      .sort((one, other) => one.at - other.at)[0];
  }

  #run(job: Job, request: RunRequest): void {
    const rows = (table: string, where?: Parameters<Instance["msdb"]["rows"]>[1]) =>
      this.instance.msdb.rows(table, where);
    const { instance } = this;
    const clock = this.#clock;
    const run = new JobRun(job, request, stepsOf(rows, job.jobId), {
      instance,
      program: { instance, files: instance.files, host: instance.hostName, account: instance.agentAccount, clock },
      clock,
      sessionId: this.#sessionId,
    });
    const ended = run
      .run()
      .catch((error: unknown) => {
        instance.errorLog.write(0, 16, `SQL Server Agent: job ${job.name} ended without a trace: ${String(error)}`);
      })
      .then(() => this.#ended(run));
    this.#runs.set(job.jobId, { run, ended });
  }

  async #ended(run: JobRun): Promise<void> {
    const { jobId } = run.job;
    // After a kill another run of the job may have begun.
    if (this.#runs.get(jobId)?.run !== run) return;
    this.#runs.delete(jobId);
    await this.#deleteWhenAsked(jobId);
  }

  /** sysjobs.delete_level: 1 after success, 2 after failure, 3 always. */
  async #deleteWhenAsked(jobId: string): Promise<void> {
    const job = findJob((table, where) => this.instance.msdb.rows(table, where), jobId);
    if (job === undefined || job.deleteLevel === 0) return;
    const outcome = this.instance.msdb.rows("sysjobservers", (row) => row["job_id"] === jobId)[0];
    const succeeded = outcome !== undefined && numberOf(outcome, "last_run_outcome") === 1;
    if (job.deleteLevel === 3 || (job.deleteLevel === 1) === succeeded)
      await this.instance.msdb.change((writer) => {
        deleteJob(writer, jobId, { history: true, unusedSchedules: true });
      });
  }

  async #startAtBoot(): Promise<void> {
    for (const { job, schedule } of this.#attached())
      if (schedule.freqType === AT_AGENT_START && schedule.enabled && !this.isRunning(job.jobId))
        this.#run(job, { source: REQUEST_SOURCE.agentStart, invokedBy: scheduleText(schedule) });
    return Promise.resolve();
  }

  #tick(): void {
    this.#cancelTick = this.#clock.after(TICK, () => {
      if (this.#state !== "running") return;
      this.#looking = this.#look().catch((error: unknown) => {
        this.instance.errorLog.write(0, 16, `SQL Server Agent could not read its schedules: ${String(error)}`);
      });
      void this.#looking.then(() => {
        if (this.#state === "running") this.#tick();
      });
    });
  }

  /** Starts what is due, and plans anew what ran or was changed. */
  async #look(): Promise<void> {
    const now = this.instance.localTime();
    const seen = new Set<string>();
    const replanned: { readonly job: Job; readonly scheduleId: number; readonly at: number | undefined }[] = [];
    for (const { job, schedule } of this.#attached()) {
      const key = `${job.jobId} ${String(schedule.scheduleId)}`;
      const state = JSON.stringify(schedule);
      const planned = this.#planned.get(key);
      seen.add(key);
      if (planned?.state === state && (planned.at === undefined || planned.at > now)) continue;
      const due = planned?.state === state;
      const at = nextRun(schedule, now);
      this.#planned.set(key, { at, state });
      replanned.push({ job, scheduleId: schedule.scheduleId, at });
      // A job that still runs is not queued: this time is left out.
      if (due && !this.isRunning(job.jobId))
        this.#run(job, { source: REQUEST_SOURCE.schedule, invokedBy: scheduleText(schedule) });
    }
    for (const key of this.#planned.keys()) if (!seen.has(key)) this.#planned.delete(key);
    if (replanned.length > 0) await this.#writePlan(replanned);
  }

  /** Enabled jobs on this server with their schedules. */
  #attached(): { readonly job: Job; readonly schedule: NamedSchedule }[] {
    const { msdb } = this.instance;
    const schedules = new Map(
      msdb
        .rows("sysschedules")
        .map(scheduleOf)
        .map((one) => [one.scheduleId, one]),
    );
    const jobs = new Map(
      msdb
        .rows("sysjobs")
        .map(jobOf)
        .map((one) => [one.jobId, one]),
    );
    const targeted = new Set(msdb.rows("sysjobservers").map((row) => textOf(row, "job_id")));
    return msdb.rows("sysjobschedules").flatMap((row) => {
      const job = jobs.get(textOf(row, "job_id"));
      const schedule = schedules.get(numberOf(row, "schedule_id"));
      const runs = job?.enabled === true && schedule !== undefined && targeted.has(job.jobId);
      return runs ? [{ job, schedule }] : [];
    });
  }

  async #writePlan(
    plan: readonly { readonly job: Job; readonly scheduleId: number; readonly at: number | undefined }[],
  ): Promise<void> {
    await this.instance.msdb.change((writer) => {
      for (const { job, scheduleId, at } of plan) {
        writer.update("sysjobschedules", (row) => row["job_id"] === job.jobId && row["schedule_id"] === scheduleId, {
          next_run_date: at === undefined ? 0 : dateNumber(at),
          next_run_time: at === undefined ? 0 : timeNumber(at),
        });
        writer.update("sysjobactivity", (row) => row["job_id"] === job.jobId && row["session_id"] === this.#sessionId, {
          next_scheduled_run_date: at === undefined ? null : datetime(at),
        });
      }
    });
  }
}

/** A schedule as the outcome of a run names it. */
function scheduleText(schedule: NamedSchedule): string {
  return `Schedule ${String(schedule.scheduleId)} (${schedule.name})`;
}
