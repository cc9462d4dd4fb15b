/**
 * One pool within one process: its shared observation, its plan, and the converging of one step after the other under the
 * lock, with journal and report. Everything that Pulumi's resources do goes through here.
 */
import { contextOf, type PlanContext } from "./plan-context";
import type { Desired } from "./desired";
import { DrError, toDrError } from "./errors";
import { type Estate, instanceOf } from "./estate";
import { logFilesToRead } from "./failover-context";
import { EstateLock } from "./lock";
import { ObservationStore } from "./observation-store";
import type {
  InstanceObservation,
  InstanceRole,
  Observation,
  Section,
  SetVerification,
  ShellObservation,
} from "./observation-types";
import { observe, observeSection, type SectionName } from "./observe";
import { readServer, readSessions } from "./observe-server";
import { openSteps, plan, recordsOnly, setToVerify, stepOf } from "./plan";
import type { Plan, PlanStep, StepKey } from "./plan-types";
import { databaseOf } from "./relations";
import { LogFileReader } from "./read-log-sets";
import { RunRecord } from "./run-record";
import type { RunIdentity } from "./sql/client-name";
import { verifyBackup } from "./statements";
import type { Batch, StepContext } from "./steps/step-context";
import { stepHandlers } from "./steps/step-handlers";
import { beginningRefusal, endingRefusal } from "./step-refusals";

/** What the run tells while it works. */
export interface RunListener {
  /** One line about the step in hand; replaced by the next one. */
  progress(key: StepKey, text: string): void;
}

/** Options of a run. */
export interface RunOptions {
  readonly identity: RunIdentity;
  /** Texts that must not stand in journal and report. */
  readonly secrets: readonly string[];
  readonly listener: RunListener;
  /** Folder of the reports; `reports` unless given. */
  readonly reportFolder?: string;
}

/** Observation and plan that belong together. */
export interface Seen {
  readonly observation: Observation;
  readonly plan: Plan;
}

export class PoolRun {
  readonly desired: Desired;
  readonly #estate: Estate;
  readonly #options: RunOptions;
  readonly #store: ObservationStore;
  readonly #record: RunRecord;
  #verification: { readonly set: string; readonly outcome: Promise<SetVerification | null> } | undefined;
  readonly #logFiles = new LogFileReader();
  #lock: Promise<EstateLock> | undefined;
  #preflightPassed = false;

  constructor(estate: Estate, desired: Desired, options: RunOptions) {
    this.#estate = estate;
    this.desired = desired;
    this.#options = options;
    this.#store = new ObservationStore(estate);
    this.#record = new RunRecord({ ...options, pool: desired.pool.name, folder: options.reportFolder });
  }

  /** Path of the run's report; undefined while nothing was executed. */
  get reportPath(): string | undefined {
    return this.#record.path;
  }

  /** Begins the observation, so that pools are read side by side; what it meets is told to whoever asks for it. */
  startObservation(): void {
    this.#store.observation().catch(() => undefined);
  }

  /** Observation and plan, read where nothing valid is at hand. */
  async see(): Promise<Seen> {
    return this.#planned(await this.#store.observation());
  }

  /**
   * Brings one step to its end: observes afresh, refuses what must not begin, takes the lock, does what is missing, reads
   * back. Answers what was seen then. A run that only records observes. Throws DrError; the estate is the state, and the
   * next run goes on from there.
   */
  async converge(key: StepKey): Promise<Seen> {
    this.#store.invalidate();
    const before = await this.see();
    if (recordsOnly(this.desired, before.plan)) return before;
    const refusal = beginningRefusal(before.plan, key, this.#preflightPassed);
    if (refusal !== undefined) throw refusal;
    const step = stepOf(before.plan, key);
    // Whatever was changed before it in this run is proved, and the moment recorded, even where nothing looks open any more.
    const proof = step.resource === "ChatService" && this.#record.hasChanged;
    // Preflight is open because of drift as well that only a person mends: then there is nothing to probe or to save.
    const due = key === "F0" ? openSteps(before.plan).length > 0 : step.open || proof;
    const after = due ? await this.#execute(before, step) : before;
    this.#preflightPassed ||= key === "F0";
    return after;
  }

  /** Ends the run: the lock is given back. The estate's connections are the caller's. */
  async close(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    // A lock that was never got has nothing to give back; it told so when it was asked for.
    await lock?.then(
      (held) => held.release(),
      () => undefined,
    );
  }

  async #execute({ observation, plan: before }: Seen, step: PlanStep): Promise<Seen> {
    const handler = stepHandlers[step.key];
    const lock = await this.#locked();
    const context = this.#context(observation, before, step, lock);
    this.#record.open(before);
    const summary = this.#record.begin(step);
    try {
      await this.#store.change(handler.sections(context), () => handler.converge(context));
      const after = await this.see();
      const unfinished = endingRefusal(after.plan, step.key);
      if (unfinished !== undefined) throw unfinished;
      const left = openSteps(after.plan).map((one) => one.key);
      this.#record.end(summary, "succeeded", left);
      return after;
    } catch (thrown) {
      // The file may be what failed: it is read again before anybody trusts it.
      this.#verification = undefined;
      this.#record.end(summary, "failed");
      throw thrown;
    }
  }

  #locked(): Promise<EstateLock> {
    this.#lock ??= EstateLock.acquire(this.#estate, this.#options.identity, {
      homes: ["backup", "primary"],
      heartbeatSeconds: this.desired.timeouts.lockHeartbeatSeconds,
      leavesOut: this.desired.active === "backup" ? this.desired.pool.acknowledge.primaryFailures : [],
    });
    const lock = this.#lock;
    lock.catch(() => {
      if (this.#lock === lock) this.#lock = undefined;
    });
    return lock;
  }

  async #planned(observation: Observation): Promise<Seen> {
    const whole = await this.#withLogFiles(await this.#verified(observation));
    return { observation: whole, plan: plan(whole, this.desired) };
  }

  /** Headers of the log files that a failover would apply; each file is read once, one that may still grow every time. */
  async #withLogFiles(observation: Observation): Promise<Observation> {
    const context = contextOf(observation, this.desired);
    const role = context.authority.principals.backup;
    const section = observation.instances[role];
    const files = logFilesToRead(context);
    if (files.length === 0 || section?.reachable !== true) return observation;
    const logFiles = await this.#logFiles.read(instanceOf(this.#estate, role), files);
    const value: InstanceObservation = { ...section.value, logFiles };
    return { ...observation, instances: { ...observation.instances, [role]: { ...section, value } } };
  }

  /** A set that F4 would restore is read whole by the engine that would restore it, once per run unless a step fails. */
  async #verified(observation: Observation): Promise<Observation> {
    const set = setToVerify(observation, this.desired);
    const role = contextOf(observation, this.desired).authority.principals.primary;
    const section = observation.instances[role];
    if (set === undefined || section?.reachable !== true) return observation;
    const name = `${set.uuid} ${set.file}`;
    if (this.#verification?.set !== name) this.#verification = { set: name, outcome: this.#verify(role, set) };
    const held = this.#verification;
    try {
      const value: InstanceObservation = { ...section.value, verification: await held.outcome };
      return { ...observation, instances: { ...observation.instances, [role]: { ...section, value } } };
    } catch (thrown) {
      if (this.#verification === held) this.#verification = undefined;
      throw thrown;
    }
  }

  async #verify(role: InstanceRole, set: { readonly uuid: string; readonly file: string }) {
    const facts = { backupSetUuid: set.uuid, file: set.file };
    try {
      await instanceOf(this.#estate, role).query(verifyBackup(set.file), {
        doing: `verifying ${set.file}`,
        timeout: 0,
      });
      return { ...facts, valid: true, message: null };
    } catch (thrown) {
      const error = toDrError(thrown);
      // A login of few rights may not read a set (262), which says nothing of the set.
      if (error.code === "PERMISSION_DENIED") return null;
      if (error.number === undefined) throw error;
      return { ...facts, valid: false, message: error.summary };
    }
  }

  #context(observation: Observation, before: Plan, step: PlanStep, lock: EstateLock): StepContext {
    const estate = this.#estate;
    const desired = this.desired;
    const record = this.#record;
    const names = desired.compliance === false ? [desired.chat] : [desired.chat, desired.compliance];
    const seen = contextOf(observation, desired);
    const execute = <Result>(
      kind: "statement" | "command",
      where: string,
      text: string,
      action: () => Promise<Result>,
    ): Promise<Result> => record.execute({ kind, step: step.key, where, text }, action);
    const send = async (batch: Batch) => {
      const server = instanceOf(estate, batch.role);
      return server.batch(batch.text, {
        doing: batch.doing,
        onProgress: ({ command, percent }) =>
          this.#options.listener.progress(
            step.key,
            `${command} on ${server.endpoint.server}: ${percent.toFixed(0)} percent`,
          ),
        progressInterval: 500,
      });
    };
    return {
      estate,
      desired,
      plan: before,
      step,
      observed: seen,
      primary: seen.primary,
      backup: seen.backup,
      runId: this.#options.identity.run,
      progress: (text) => this.#options.listener.progress(step.key, text),
      change: async (batch) => {
        await lock.assertHeld();
        this.#options.listener.progress(step.key, batch.doing);
        return execute("statement", instanceOf(estate, batch.role).place, batch.text, () => send(batch));
      },
      evidence: async (batch) => {
        const answer = await execute("statement", instanceOf(estate, batch.role).place, batch.text, () => send(batch));
        return answer.recordsets;
      },
      changeShell: async (doing, action) => {
        await lock.assertHeld();
        this.#options.listener.progress(step.key, doing);
        await execute("command", estate.shell.address, doing, action);
      },
      perform: async (role, doing, action) => {
        await lock.assertHeld();
        this.#options.listener.progress(step.key, doing);
        return execute("command", instanceOf(estate, role).place, doing, () => action(instanceOf(estate, role)));
      },
      verified: (set) => {
        const outcome = { backupSetUuid: set.uuid, file: set.file, valid: true, message: null };
        this.#verification = { set: `${set.uuid} ${set.file}`, outcome: Promise.resolve(outcome) };
      },
      readInstance: (role) => this.#readSection(role),
      readShell: () => this.#readSection("shell"),
      readCopy: async (role, database) => databaseOf(await readServer(instanceOf(estate, role), names), database),
      readSessions: (role) => readSessions(instanceOf(estate, role), names),
      observe: async (): Promise<PlanContext> => {
        const fresh = await this.#planned(await observe(estate));
        const { principals } = fresh.plan.authority;
        // A step in hand must not take an instance that did not answer for one with nothing on it; only what a failover
        // was begun without may stay silent.
        for (const name of ["shell", principals.primary, principals.backup] as const) {
          const part = (whole: Observation): Section<unknown> | undefined =>
            name === "shell" ? whole.shell : whole.instances[name];
          const section = part(fresh.observation);
          const begunWithout = desired.active === "backup" && part(observation)?.reachable === false;
          if (section !== undefined && !begunWithout) this.#answered(section);
        }
        return contextOf(fresh.observation, desired);
      },
      serviceIsBack: () => record.serviceIsBack(),
      readBack: (facts) => record.readBack(step, facts),
      assertLocked: () => lock.assertHeld(),
    };
  }

  async #readSection(name: "shell"): Promise<ShellObservation>;
  async #readSection(name: InstanceRole): Promise<InstanceObservation>;
  async #readSection(name: SectionName): Promise<ShellObservation | InstanceObservation> {
    const section: Section<ShellObservation | InstanceObservation> = await observeSection(this.#estate, name);
    return this.#answered(section);
  }

  /** The section's value. Throws why it could not be read. */
  #answered<Value>(section: Section<Value>): Value {
    if (section.reachable) return section.value;
    const { code, message, address, hint } = section.failure;
    throw new DrError({ code: code as DrError["code"], summary: message, where: address, hint });
  }
}
