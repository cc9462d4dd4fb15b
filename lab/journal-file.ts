/** The lab's journal: one JSON line for every batch, remote procedure call and cmdlet that it was asked to run. */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { CmdletJournalEntry } from "./control-protocol";
import { wholeLines } from "./line-file";
import type { RequestEntry } from "./server/request-journal";

/** A line: `n` counts from 1; entries of instances have `instance`, those of shells have `shell`. */
export type JournalEntry = { readonly n: number } & (RequestEntry | CmdletJournalEntry);

/** How long a line may wait in memory, in milliseconds. */
const LONGEST_WAIT = 50;

/** Appends lines; what is buffered reaches the file within 50 ms, at `flush` and at `close`. */
export class JournalFile {
  readonly #handle: number;
  #buffer: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #count: number;

  /** @param resume goes on with the journal that is there, without a last line that a kill cut off */
  constructor(
    readonly path: string,
    resume = false,
  ) {
    this.#count = resume ? wholeLines(path).length : 0;
    this.#handle = openSync(path, resume ? "a" : "w", 0o600);
  }

  get count(): number {
    return this.#count;
  }

  append(entry: RequestEntry | CmdletJournalEntry): void {
    this.#count += 1;
    this.#buffer.push(JSON.stringify({ n: this.#count, ...entry }));
    this.#timer ??= setTimeout(() => this.flush(), LONGEST_WAIT);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#buffer.length === 0) return;
    const text = `${this.#buffer.join("\n")}\n`;
    this.#buffer = [];
    writeSync(this.#handle, text);
  }

  close(): void {
    this.flush();
    closeSync(this.#handle);
  }
}

/**
 * Entries of a journal after line `since` (0: all). A last line that is only half there, while the daemon writes or
 * after it was killed, is left out.
 */
export function readJournal(path: string, since = 0): JournalEntry[] {
  const lines = readFileSync(path, "utf8").split("\n");
  lines.pop();
  return lines.slice(since).map((line) => JSON.parse(line) as JournalEntry);
}
