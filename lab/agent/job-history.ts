/**
 * What a run of a job leaves in msdb: sysjobactivity while it runs, sysjobhistory after each step and at the end.
 * Source: sql-docs relational-databases/system-tables/dbo-{sysjobhistory,sysjobactivity,sysjobsteps,sysjobservers}-transact-sql.md.
 */
import type { Instance } from "../server/instance";
import type { NamedRow, TableWriter } from "../server/msdb/system-tables";
import { dateNumber, datetime, durationNumber, timeNumber } from "./calendar-numbers";
import type { JobStep } from "./job-rows";
import { numberOf } from "./row-values";

/** sysjobhistory.run_status. */
export const RUN_STATUS = { failed: 0, succeeded: 1, retry: 2, canceled: 3 } as const;

export type RunStatus = (typeof RUN_STATUS)[keyof typeof RUN_STATUS];

/** sysjobactivity.run_requested_source. */
export const REQUEST_SOURCE = { schedule: "1", agentStart: "3", user: "4" } as const;

/** One ended step, or the job's outcome as step 0. Times in milliseconds of the local clock. */
export interface HistoryEntry {
  readonly stepId: number;
  readonly stepName: string;
  readonly status: RunStatus;
  readonly message: string;
  readonly messageId: number;
  readonly severity: number;
  readonly started: number;
  readonly ended: number;
  readonly retries: number;
}

/** Name of the row that tells the outcome of a whole run. */
export const OUTCOME_STEP_NAME = "(Job outcome)";

/** The history of one job in one session of the Agent (syssessions). */
export class JobHistory {
  constructor(
    private readonly instance: Instance,
    private readonly sessionId: number,
    private readonly jobId: string,
  ) {}

  /** The run was asked for and begins now. */
  async begin(source: string, now: number): Promise<void> {
    await this.instance.msdb.change((writer) => {
      this.#activity(writer, {
        run_requested_date: datetime(now),
        run_requested_source: source,
        queued_date: null,
        start_execution_date: datetime(now),
        last_executed_step_id: null,
        last_executed_step_date: null,
        stop_execution_date: null,
        job_history_id: null,
      });
    });
  }

  /** A step has begun. */
  async stepBegan(stepId: number, now: number): Promise<void> {
    await this.instance.msdb.change((writer) => {
      this.#activity(writer, { last_executed_step_id: stepId, last_executed_step_date: datetime(now) });
    });
  }

  /** A step has ended; its output goes to sysjobstepslogs where flags 8 (anew) or 16 (behind) ask for it. */
  async stepEnded(step: JobStep, entry: HistoryEntry, output: string): Promise<void> {
    await this.instance.msdb.change((writer) => {
      // The job may have been deleted while it ran: then there is nothing to tell of.
      if (!this.#exists(writer)) return;
      this.#insert(writer, entry);
      writer.update("sysjobsteps", (row) => row["job_id"] === this.jobId && row["step_id"] === step.stepId, {
        last_run_outcome: entry.status,
        last_run_duration: durationNumber(entry.ended - entry.started),
        last_run_retries: entry.retries,
        last_run_date: dateNumber(entry.started),
        last_run_time: timeNumber(entry.started),
      });
      if ((step.flags & 24) !== 0 && step.uid !== undefined) this.#log(writer, step, step.uid, output, entry.ended);
    });
  }

  /** The whole run has ended. */
  async end(entry: HistoryEntry): Promise<void> {
    await this.instance.msdb.change((writer) => {
      if (!this.#exists(writer)) return;
      const historyId = this.#insert(writer, entry);
      writer.update("sysjobservers", (row) => row["job_id"] === this.jobId, {
        last_run_outcome: entry.status,
        last_outcome_message: entry.message,
        last_run_date: dateNumber(entry.started),
        last_run_time: timeNumber(entry.started),
        last_run_duration: durationNumber(entry.ended - entry.started),
      });
      this.#activity(writer, { stop_execution_date: datetime(entry.ended), job_history_id: historyId ?? null });
    });
  }

  #exists(writer: TableWriter): boolean {
    return writer.rows("sysjobs", (row) => row["job_id"] === this.jobId).length > 0;
  }

  #activity(writer: TableWriter, change: NamedRow): void {
    const mine = (row: NamedRow): boolean => row["job_id"] === this.jobId && row["session_id"] === this.sessionId;
    if (writer.update("sysjobactivity", mine, change) === 0 && this.#exists(writer))
      writer.insert("sysjobactivity", { session_id: this.sessionId, job_id: this.jobId, ...change });
  }

  #insert(writer: TableWriter, entry: HistoryEntry): number | undefined {
    return writer.insert("sysjobhistory", {
      job_id: this.jobId,
      step_id: entry.stepId,
      step_name: entry.stepName,
      sql_message_id: entry.messageId,
      sql_severity: entry.severity,
      message: entry.message,
      run_status: entry.status,
      run_date: dateNumber(entry.started),
      run_time: timeNumber(entry.started),
      run_duration: durationNumber(entry.ended - entry.started),
      operator_id_emailed: 0,
      operator_id_netsent: 0,
      operator_id_paged: 0,
      retries_attempted: entry.retries,
      server: this.instance.name,
    });
  }

  #log(writer: TableWriter, step: JobStep, uid: string, output: string, now: number): void {
    const mine = (row: NamedRow): boolean => row["step_uid"] === uid;
    const old = writer.rows("sysjobstepslogs", mine)[0];
    const before = (step.flags & 16) !== 0 && typeof old?.["log"] === "string" ? old["log"] : "";
    const log = `${before}${output}`;
    // log_size counts bytes of nvarchar.
    const change = { log, date_modified: datetime(now), log_size: BigInt(log.length * 2) };
    if (old === undefined) writer.insert("sysjobstepslogs", { ...change, step_uid: uid, date_created: datetime(now) });
    else writer.update("sysjobstepslogs", mine, change);
  }
}

/** Begins a session of the Agent: a row of syssessions, and one of sysjobactivity for each job. Answers its id. */
export async function beginAgentSession(instance: Instance): Promise<number> {
  return instance.msdb.change((writer) => {
    const now = datetime(instance.localTime());
    writer.insert("syssessions", { agent_start_date: now });
    const sessionId = Math.max(0, ...writer.rows("syssessions").map((row) => numberOf(row, "session_id")));
    for (const job of writer.rows("sysjobs"))
      writer.insert("sysjobactivity", { session_id: sessionId, job_id: job["job_id"] ?? null });
    return sessionId;
  });
}
