/** The parent's side of the program that is killed: starts it, asks it, learns of its end. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { InstanceName, VictimAnswer, VictimRequest, VictimRow } from "./victim-protocol";

/** The program was killed; what was asked of it last may be done or not. */
export class Killed extends Error {
  constructor() {
    super("The instances' process was killed.");
    this.name = "Killed";
  }
}

/** What a batch answered. */
export interface VictimResult {
  readonly rows: readonly VictimRow[];
  readonly errors: readonly string[];
}

/** Omits a key from each member of a union. */
type Without<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

/** One process of the instances on a directory. */
export class Victim {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: VictimResult) => void; reject: (error: Error) => void }>();
  readonly #ended: Promise<void>;
  #ready: (() => void) | undefined;
  #failed: Error | undefined;
  #output = "";
  #id = 0;

  private constructor(directory: string, change: number) {
    this.#child = fork(join(__dirname, "victim.ts"), [directory, String(change)], {
      execArgv: ["--disable-warning=ExperimentalWarning", "--require", require.resolve("tsx/cjs")],
      silent: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    this.#child.on("message", (message: VictimAnswer) => {
      if (message.kind === "ready") this.#ready?.();
      else this.#settle(message.id, message);
    });
    this.#ended = new Promise((resolve) => {
      this.#child.on("close", (code, signal) => {
        this.#failed =
          signal === "SIGKILL"
            ? new Killed()
            : new Error(
                `The instances' process ended with ${signal ?? String(code)}, not by SIGKILL:\n${this.#output}`,
              );
        for (const { reject } of this.#waiting.values()) reject(this.#failed);
        this.#waiting.clear();
        this.#ready?.();
        resolve();
      });
    });
  }

  /**
   * Starts one and waits until all instances run.
   * @param change the change of the disk before which it is killed; 0: not before `arm`
   * Throws Killed; Error when it ended in any other way.
   */
  static async start(directory: string, change = 0): Promise<Victim> {
    const victim = new Victim(directory, change);
    await new Promise<void>((resolve) => (victim.#ready = resolve));
    if (victim.#failed !== undefined) throw victim.#failed;
    return victim;
  }

  /** From now on it is killed before the nth change of the disk. */
  async arm(change: number): Promise<void> {
    await this.#ask({ kind: "arm", change });
  }

  /** Runs a batch whatever it answers. Throws Killed. */
  ask(instance: InstanceName, text: string, session = "dba"): Promise<VictimResult> {
    return this.#ask({ kind: "batch", instance, session, text });
  }

  /** Runs a batch that must not fail; answers its first result set. Throws Killed; Error with the batch's errors. */
  async run(instance: InstanceName, text: string, session = "dba"): Promise<readonly VictimRow[]> {
    const { rows, errors } = await this.ask(instance, text, session);
    if (errors.length > 0) throw new Error(`${instance}: ${errors.join(" | ")}\n${text}`);
    return rows;
  }

  /** Kills it now, if nothing has yet, and waits for its end. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #ask(request: Without<VictimRequest, "id">): Promise<VictimResult> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    this.#id += 1;
    const id = this.#id;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // A send to a process that has just ended fails; its end is told by "close".
      this.#child.send({ ...request, id }, () => undefined);
    });
  }

  #settle(id: number, result: VictimResult): void {
    this.#waiting.get(id)?.resolve(result);
    this.#waiting.delete(id);
  }
}
