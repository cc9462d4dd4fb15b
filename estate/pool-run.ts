/**
 * One pool within one process: its shared observation, its plan, and the converging of one step after the other under the
 * lock, with journal and report. Everything that Pulumi's resources do goes through here.
 */
import { contextOf, type PlanContext } from "./plan-context";
import { type Desired, serverName } from "./desired";
import { DrError, toDrError } from "./errors";
import { type Estate, instanceOf } from "./estate";
import { Journal } from "./journal";
import { EstateLock } from "./lock";
import { ObservationStore } from "./observation-store";
import type {
  InstanceObservation,
  InstanceRole,
  Observation,
  SetVerification,
  ShellObservation,
} from "./observation-types";
import { observe, observeSection, type SectionName } from "./observe";
import { readServer, readSessions } from "./observe-server";
import { plan, planLines, refusalOf, setToVerify, stepOf } from "./plan";
import type { Plan, PlanStep, StepKey } from "./plan-types";
import { databaseOf } from "./relations";
import { Report } from "./report";
import type { RunIdentity } from "./sql/client-name";
import { verifyBackup } from "./statements";
import type { Batch, StepContext } from "./steps/step-context";
import { stepHandlers } from "./steps/step-handlers";

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

/** A step as the report tells it. */
interface StepSummary {
  readonly key: StepKey;
  readonly resource: string;
  readonly where: string;
  readonly started: string;
  ended: string | null;
  durationMs: number | null;
  outcome: "running" | "succeeded" | "failed";
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
  readonly #summaries: StepSummary[] = [];
  #verification: { readonly key: string; readonly outcome: Promise<SetVerification> } | undefined;
  #lock: Promise<EstateLock> | undefined;
  #journal: Journal | undefined;
  #report: Report | undefined;
  #inHand = 0;
  #failed = false;

  constructor(estate: Estate, desired: Desired, options: RunOptions) {
    this.#estate = estate;
    this.desired = desired;
    this.#options = options;
    this.#store = new ObservationStore(estate);
  }

  /** Steps that are being worked on. */
  get inHand(): number {
    return this.#inHand;
  }

  /** Path of the run's report; undefined while nothing was executed. */
  get reportPath(): string | undefined {
    return this.#report?.path;
  }

  /** Begins the observation, so that pools are read side by side; what it meets is told to whoever asks for it. */
  startObservation(): void {
    this.#store.observation().catch(() => undefined);
  }

  /** Forgets what was read: something outside may have changed. */
  forget(): void {
    this.#store.invalidate();
  }

  /** Observation and plan, read where nothing valid is at hand. */
  async see(): Promise<Seen> {
    return this.#planned(await this.#store.observation());
  }

  /**
   * Brings one step to its end: observes afresh, refuses what must not begin, takes the lock, does what is missing, reads
   * back. Answers what was seen then. Throws DrError; the estate is the state, and the next run goes on from there.
   */
  async converge(key: StepKey): Promise<Seen> {
    this.#inHand += 1;
    try {
      this.#store.invalidate();
      const before = await this.see();
      const step = stepOf(before.plan, key);
      if (!step.open) return before;
      const refusal = key === "F0" ? undefined : refusalOf(before.plan, key);
      if (refusal !== undefined) throw refusal;
      await this.#execute(before, step);
      const after = await this.see();
      return after;
    } finally {
      this.#inHand -= 1;
    }
  }

  /** Ends the run: the report says how, the lock is given back. The estate's connections are the caller's. */
  async close(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    if (this.#report !== undefined) this.#save(this.#failed ? "failed" : "succeeded");
    // A lock that was never got has nothing to give back.
    await lock?.then((held) => held.release()).catch(() => undefined);
  }

  async #execute({ observation, plan: before }: Seen, step: PlanStep): Promise<void> {
    const handler = stepHandlers[step.key];
    const lock = await this.#locked();
    const context = this.#context(observation, before, step, lock);
    this.#openReport(before);
    const summary = this.#begin(step);
    try {
      await this.#store.change(handler.sections(context), () => handler.converge(context));
      this.#end(summary, "succeeded");
    } catch (thrown) {
      this.#failed = true;
      this.#end(summary, "failed");
      throw thrown;
    }
  }

  #locked(): Promise<EstateLock> {
    this.#lock ??= EstateLock.acquire(this.#estate, this.#options.identity, {
      homes: ["backup", "primary"],
      heartbeatSeconds: this.desired.timeouts.lockHeartbeatSeconds,
    });
    const lock = this.#lock;
    lock.catch(() => {
      if (this.#lock === lock) this.#lock = undefined;
    });
    return lock;
  }

  async #planned(observation: Observation): Promise<Seen> {
    const verified = await this.#verified(observation);
    return { observation: verified, plan: plan(verified, this.desired) };
  }

  /** A set that F4 would restore is read whole by the engine that would restore it, once per state of the estate. */
  async #verified(observation: Observation): Promise<Observation> {
    const set = setToVerify(observation, this.desired);
    const role = contextOf(observation, this.desired).authority.principals.primary;
    const section = observation.instances[role];
    if (set === undefined || section?.reachable !== true) return observation;
    const key = `${set.uuid} ${String(section.begun)}`;
    if (this.#verification?.key !== key) this.#verification = { key, outcome: this.#verify(role, set) };
    const verification = await this.#verification.outcome;
    const value: InstanceObservation = { ...section.value, verification };
    return { ...observation, instances: { ...observation.instances, [role]: { ...section, value } } };
  }

  async #verify(role: InstanceRole, set: { readonly uuid: string; readonly file: string }): Promise<SetVerification> {
    const facts = { backupSetUuid: set.uuid, file: set.file };
    try {
      await instanceOf(this.#estate, role).query(verifyBackup(set.file), {
        doing: `verifying ${set.file}`,
        timeout: 0,
      });
      return { ...facts, valid: true, message: null };
    } catch (thrown) {
      const error = toDrError(thrown);
      if (error.number === undefined) throw error;
      return { ...facts, valid: false, message: error.summary };
    }
  }

  #context(observation: Observation, before: Plan, step: PlanStep, lock: EstateLock): StepContext {
    const estate = this.#estate;
    const desired = this.desired;
    const journal = this.#journalOf();
    const names = desired.compliance === false ? [desired.chat] : [desired.chat, desired.compliance];
    const seen = contextOf(observation, desired);
    const record = <Result>(
      kind: "statement" | "command",
      where: string,
      text: string,
      action: () => Promise<Result>,
    ): Promise<Result> => journal.record({ kind, step: step.id, where, text }, action);
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
      primary: seen.primary,
      backup: seen.backup,
      runId: this.#options.identity.run,
      progress: (text) => this.#options.listener.progress(step.key, text),
      change: async (batch) => {
        await lock.assertHeld();
        this.#options.listener.progress(step.key, batch.doing);
        return record("statement", instanceOf(estate, batch.role).place, batch.text, () => send(batch));
      },
      evidence: async (batch) => {
        const answer = await record("statement", instanceOf(estate, batch.role).place, batch.text, () => send(batch));
        return answer.recordsets;
      },
      changeShell: async (doing, action) => {
        await lock.assertHeld();
        this.#options.listener.progress(step.key, doing);
        await record("command", estate.shell.address, doing, action);
      },
      readInstance: (role) => this.#readSection(role),
      readShell: () => this.#readSection("shell"),
      readCopy: async (role, database) => databaseOf(await readServer(instanceOf(estate, role), names), database),
      readSessions: (role) => readSessions(instanceOf(estate, role), names),
      observe: async (): Promise<PlanContext> => {
        const fresh = await this.#planned(await observe(estate));
        return contextOf(fresh.observation, desired);
      },
      readBack: (facts) =>
        journal.add({ kind: "read-back", step: step.id, where: step.where, text: step.title, detail: facts }),
      assertLocked: () => lock.assertHeld(),
    };
  }

  async #readSection(name: "shell"): Promise<ShellObservation>;
  async #readSection(name: InstanceRole): Promise<InstanceObservation>;
  async #readSection(name: SectionName): Promise<ShellObservation | InstanceObservation> {
    const section = await observeSection(this.#estate, name);
    if (section.reachable) return section.value;
    const { code, message, hint } = section.failure;
    const where = name === "shell" ? this.#estate.shell.address : serverName(this.desired.pool, name);
    throw new DrError({ code: code as DrError["code"], summary: message, where, hint });
  }

  #journalOf(): Journal {
    const { identity, secrets } = this.#options;
    const header = { stack: identity.stack, run: identity.run, pool: this.desired.pool.name };
    this.#journal ??= new Journal(header, secrets, () => this.#save("running"));
    return this.#journal;
  }

  #openReport(before: Plan): void {
    if (this.#report !== undefined) return;
    const journal = this.#journalOf();
    this.#report = new Report(journal, this.#options.reportFolder);
    journal.add({
      kind: "decision",
      where: "plan",
      text: planLines(before).join("\n"),
      detail: { authority: before.authority.outcome, evidence: before.authority.evidence },
    });
  }

  #begin(step: PlanStep): StepSummary {
    const summary: StepSummary = {
      key: step.key,
      resource: step.resource,
      where: step.where,
      started: new Date().toISOString(),
      ended: null,
      durationMs: null,
      outcome: "running",
    };
    this.#summaries.push(summary);
    return summary;
  }

  #end(summary: StepSummary, outcome: "succeeded" | "failed"): void {
    summary.ended = new Date().toISOString();
    summary.durationMs = Date.parse(summary.ended) - Date.parse(summary.started);
    summary.outcome = outcome;
    this.#save("running");
  }

  #save(outcome: "running" | "succeeded" | "failed"): void {
    this.#report?.save({ outcome, summary: { steps: this.#summaries } });
  }
}
