/** The journal of a run: what was executed, where, when, with what result, and what was read back. */
import { DrError, toDrError } from "./errors";

/** One thing that was done or seen. */
export interface JournalEntry {
  /** UTC, ISO 8601, by this machine's clock. For people; no decision reads it. */
  readonly time: string;
  readonly kind: "statement" | "command" | "read-back" | "decision" | "message";
  /** Key of the step in the plan, such as F2-chat; undefined outside of one. */
  readonly step?: string;
  /** Instance with address, or the shell. */
  readonly where: string;
  /** The statement or command as it was sent, or what was decided or read. */
  readonly text: string;
  readonly outcome: "done" | "failed" | "running";
  /** Milliseconds; absent while it runs and for what takes no time. */
  readonly duration?: number;
  /** Evidence: what was read back, messages of the server. Plain values. */
  readonly detail?: unknown;
  /** The parts of the error. */
  readonly error?: unknown;
}

/** Which run this is. */
export interface JournalHeader {
  readonly stack: string;
  readonly run: string;
  readonly pool: string;
}

/** Collects entries in memory; report.ts writes them. No secret ever stands in one: texts of `secrets` are blotted out. */
export class Journal {
  readonly header: JournalHeader;
  readonly started: string = new Date().toISOString();
  readonly #entries: JournalEntry[] = [];
  readonly #secrets: readonly string[];
  readonly #onEntry: (entry: JournalEntry) => void;

  /** `onEntry` is told every entry, as it is added and again when it ends: to save the report, to show progress. */
  constructor(
    header: JournalHeader,
    secrets: readonly string[] = [],
    onEntry: (entry: JournalEntry) => void = () => undefined,
  ) {
    this.header = header;
    // A very short secret would blot out half of every text, and protects nothing.
    this.#secrets = secrets.filter((secret) => secret.length >= 4);
    this.#onEntry = onEntry;
  }

  /** Entries in the order in which they began. */
  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** Adds something that has happened. */
  add(entry: Omit<JournalEntry, "time" | "outcome"> & { readonly outcome?: JournalEntry["outcome"] }): void {
    this.#put(this.#entries.length, { time: new Date().toISOString(), outcome: "done", ...entry });
  }

  /**
   * Runs an action and records its text before it begins, so that a killed run shows what was under way, and its outcome after it.
   * `detail` picks the evidence from the result. Rethrows what the action throws.
   */
  async record<Result>(
    entry: Pick<JournalEntry, "kind" | "step" | "where" | "text">,
    action: () => Promise<Result>,
    detail?: (result: Result) => unknown,
  ): Promise<Result> {
    const index = this.#entries.length;
    const begun = performance.now();
    const time = new Date().toISOString();
    this.#put(index, { ...entry, time, outcome: "running" });
    const end = (rest: Pick<JournalEntry, "outcome" | "detail" | "error">): void =>
      this.#put(index, { ...entry, time, duration: Math.round(performance.now() - begun), ...rest });
    try {
      const result = await action();
      end({ outcome: "done", detail: detail?.(result) });
      return result;
    } catch (thrown) {
      end({ outcome: "failed", error: (thrown instanceof DrError ? thrown : toDrError(thrown, entry.where)).toJSON() });
      throw thrown;
    }
  }

  #put(index: number, entry: JournalEntry): void {
    const clean = this.#blotted(entry) as JournalEntry;
    this.#entries[index] = clean;
    this.#onEntry(clean);
  }

  #blotted(value: unknown): unknown {
    if (typeof value === "string") {
      return this.#secrets.reduce((text, secret) => text.replaceAll(secret, "********"), value);
    }
    if (Array.isArray(value)) return value.map((member) => this.#blotted(member));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.#blotted(member)]));
  }
}
