/** One run of one job: its steps in the order that their actions give, with retries. */
import type { Instance } from "../server/instance";
import type { ServerPrincipal } from "../server/server-principals";
import { type AgentClock, waitOn } from "./agent-clock";
import { dateNumber, timeNumber } from "./calendar-numbers";
import { runCommand, runScript } from "./command-step";
import { type HistoryEntry, JobHistory, OUTCOME_STEP_NAME, RUN_STATUS, type RunStatus } from "./job-history";
import type { Job, JobStep } from "./job-rows";
import type { ProgramContext } from "./program-context";
import { notStarted, type StepResult, stepMessage } from "./step-result";
import { replaceTokens, TokenError } from "./step-tokens";
import { runTransactSql } from "./transact-sql-step";

/** Who asked for a run, as its outcome tells it: "User DCI\\administrator", "Schedule 12 (LSBackupSchedule)". */
export interface RunRequest {
  readonly source: string;
  readonly invokedBy: string;
  /** First step; absent: sysjobs.start_step_id. */
  readonly firstStepId?: number;
}

/** What a run needs of its Agent. */
export interface RunContext {
  readonly instance: Instance;
  readonly program: Omit<ProgramContext, "signal">;
  readonly clock: AgentClock;
  /** syssessions.session_id. */
  readonly sessionId: number;
}

/** Why a run is ended from outside: a person, or the service. */
export class StopRequest extends Error {
  /** @param requestedBy "User DCI\\administrator", "Shutdown Sequence 0" */
  constructor(readonly requestedBy: string) {
    super(`The job was stopped prior to completion by ${requestedBy}.`);
    this.name = "StopRequest";
  }
}

const SUBSYSTEMS_OF_PROGRAMS: ReadonlySet<string> = new Set(["cmdexec", "powershell"]);

/** A run. `promise` is fulfilled when its last row is written; it never rejects for what the steps do. */
export class JobRun {
  readonly #abort = new AbortController();
  readonly #history: JobHistory;
  readonly #started: number;
  #abandoned = false;
  #lastStep: JobStep | undefined;

  constructor(
    readonly job: Job,
    readonly request: RunRequest,
    private readonly steps: readonly JobStep[],
    private readonly context: RunContext,
  ) {
    this.#history = new JobHistory(context.instance, context.sessionId, job.jobId);
    this.#started = context.instance.localTime();
  }

  /** The step in hand or the last one that was; undefined before the first. */
  get lastStep(): JobStep | undefined {
    return this.#lastStep;
  }

  /** Ends the step in hand; the run is written down as canceled. */
  stop(request: StopRequest): void {
    this.#abort.abort(request);
  }

  /** The service's process is gone: whatever was in hand ends, and nobody writes anything down. */
  abandon(): void {
    this.#abandoned = true;
    this.#abort.abort(new StopRequest("the end of the service"));
  }

  async run(): Promise<void> {
    await this.#history.begin(this.request.source, this.#started);
    const owner = this.context.instance.principals.findBySid(this.job.ownerSid);
    if (owner === undefined) {
      await this.#end(RUN_STATUS.failed, `The owner () of job ${this.job.name} does not have server access.`);
      return;
    }
    await this.#steps(owner);
  }

  async #steps(owner: ServerPrincipal): Promise<void> {
    let step = this.#stepAt(this.request.firstStepId ?? this.job.startStepId);
    while (step !== undefined) {
      this.#lastStep = step;
      await this.#history.stepBegan(step.stepId, this.context.instance.localTime());
      const status = await this.#step(step, owner);
      if (this.#abandoned) return;
      if (status === RUN_STATUS.canceled) {
        await this.#end(status);
        return;
      }
      const succeeded = status === RUN_STATUS.succeeded;
      const action = succeeded ? step.onSuccessAction : step.onFailAction;
      const target = succeeded ? step.onSuccessStepId : step.onFailStepId;
      // Going on behind the last step ends the job as that step ended.
      const next = action === 3 ? this.#stepAt(step.stepId + 1) : action === 4 ? this.#stepAt(target) : undefined;
      if (next === undefined) {
        const good = action === 1 || (action > 2 && succeeded);
        await this.#end(good ? RUN_STATUS.succeeded : RUN_STATUS.failed);
        return;
      }
      step = next;
    }
    await this.#end(RUN_STATUS.failed);
  }

  #stepAt(stepId: number): JobStep | undefined {
    return this.steps.find((step) => step.stepId === stepId);
  }

  /** Runs a step until it succeeds, is out of retries, or the run is stopped. */
  async #step(step: JobStep, owner: ServerPrincipal): Promise<RunStatus> {
    for (let retries = 0; ; retries += 1) {
      const started = this.context.instance.localTime();
      const result = await this.#execute(step, owner);
      if (this.#abandoned) return RUN_STATUS.canceled;
      const stopped = this.#abort.signal.aborted;
      const again = !result.succeeded && !stopped && retries < step.retryAttempts;
      const status = stopped
        ? RUN_STATUS.canceled
        : result.succeeded
          ? RUN_STATUS.succeeded
          : again
            ? RUN_STATUS.retry
            : RUN_STATUS.failed;
      const withOutput = (step.flags & 32) !== 0 || step.subsystem.toLowerCase() === "tsql";
      const entry: HistoryEntry = {
        stepId: step.stepId,
        stepName: step.name,
        status,
        message: stopped
          ? `${result.account === undefined ? "" : `Executed as user: ${result.account}. `}The step was cancelled (stopped) as the result of a stop job request.`
          : stepMessage(result, withOutput),
        messageId: result.messageId,
        severity: result.severity,
        started,
        ended: this.context.instance.localTime(),
        retries,
      };
      await this.#history.stepEnded(step, entry, result.output);
      if (!again) return status;
      try {
        await waitOn(this.context.clock, step.retryInterval * 60_000, this.#abort.signal);
      } catch (error) {
        if (error instanceof StopRequest) return RUN_STATUS.canceled;
        throw error;
      }
    }
  }

  /** A step in hand is left behind when the run is stopped: a PowerShell script of the lab cannot be ended from outside. */
  async #execute(step: JobStep, owner: ServerPrincipal): Promise<StepResult> {
    const { signal } = this.#abort;
    const stopped = new Promise<StepResult>((resolve) => {
      const end = (): void => {
        resolve(notStarted("", owner.name));
      };
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
    const running = this.#start(step, owner).catch((error: unknown) => {
      // A mistake of the lab must end in the job's history, not in a run that never ends.
      const text = error instanceof Error ? error.message : String(error);
      return notStarted(`Unable to start execution of step ${String(step.stepId)} (reason: ${text}).`);
    });
    return Promise.race([running, stopped]);
  }

  async #start(step: JobStep, owner: ServerPrincipal): Promise<StepResult> {
    const subsystem = step.subsystem.toLowerCase();
    let command: string;
    try {
      // PowerShell has $( ) of its own: no tokens are looked for in its scripts.
      command = subsystem === "powershell" ? step.command : replaceTokens(step.command, this.#tokens(step));
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      return notStarted(`Unable to start execution of step ${String(step.stepId)} (reason: ${error.message}).`);
    }
    const { instance, program } = this.context;
    if (subsystem === "tsql")
      return runTransactSql(instance, step, owner, command, this.#programName(step), this.#abort.signal);
    const refused = this.#refusal(step, owner, subsystem);
    if (refused !== undefined) return notStarted(refused);
    const context = { ...program, signal: this.#abort.signal };
    if (subsystem === "powershell") return runScript(command, context);
    return runCommand(command, step.successCode, context, { stepId: step.stepId, jobId: this.job.jobId });
  }

  /** Why a step of a program may not start; undefined when it may. */
  #refusal(step: JobStep, owner: ServerPrincipal, subsystem: string): string | undefined {
    const { instance } = this.context;
    if (!SUBSYSTEMS_OF_PROGRAMS.has(subsystem))
      return `Unable to start execution of step ${String(step.stepId)} (reason: The ${step.subsystem} subsystem failed to load [see the SQLAGENT.OUT file for details]; The job has been suspended).`;
    if (step.proxyId !== undefined) {
      const proxy = instance.msdb.rows("sysproxies", (row) => row["proxy_id"] === step.proxyId)[0];
      const name = typeof proxy?.["name"] === "string" ? proxy["name"] : String(step.proxyId);
      // The lab keeps no passwords of Windows accounts, so no proxy can log on.
      return `Unable to start execution of step ${String(step.stepId)} (reason: Error authenticating proxy ${name}, system error: The user name or password is incorrect.).`;
    }
    if (!instance.principals.isSysadmin(owner))
      return `Non-SysAdmins have been denied permission to run ${step.subsystem} job steps without a proxy account.`;
    return undefined;
  }

  /** As the Agent names its connections; the job's id is written as a binary. */
  #programName(step: JobStep): string {
    return `SQLAgent - TSQL JobStep (Job 0x${this.job.jobId.replaceAll("-", "")} : Step ${String(step.stepId)})`;
  }

  #tokens(step: JobStep): Readonly<Record<string, string>> {
    const { instance, program } = this.context;
    const now = instance.localTime();
    const six = (value: number): string => String(value).padStart(6, "0");
    return {
      JOBID: `0x${this.job.jobId.replaceAll("-", "")}`,
      STEPID: String(step.stepId),
      STEPCT: String(this.steps.length),
      SRVR: instance.name,
      INST: "",
      MACH: program.host,
      DATE: String(dateNumber(now)),
      TIME: six(timeNumber(now)),
      STRTDT: String(dateNumber(this.#started)),
      STRTTM: six(timeNumber(this.#started)),
      OSCMD: "cmd",
      SQLDIR: "C:\\Program Files\\Microsoft SQL Server\\MSSQL",
    };
  }

  async #end(status: RunStatus, cause?: string): Promise<void> {
    const outcome =
      status === RUN_STATUS.canceled
        ? (this.#abort.signal.reason as Error).message
        : `The job ${status === RUN_STATUS.succeeded ? "succeeded" : "failed"}.`;
    const last = this.#lastStep;
    const parts = [
      outcome,
      ...(cause === undefined ? [] : [cause]),
      `The Job was invoked by ${this.request.invokedBy}.`,
      ...(last === undefined ? [] : [`The last step to run was step ${String(last.stepId)} (${last.name}).`]),
    ];
    await this.#history.end({
      stepId: 0,
      stepName: OUTCOME_STEP_NAME,
      status,
      message: parts.join("  "),
      messageId: 0,
      severity: 0,
      started: this.#started,
      ended: this.context.instance.localTime(),
      retries: 0,
    });
  }
}
