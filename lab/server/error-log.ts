/** The error log of an instance: what SQL Server writes to ERRORLOG, kept in a file and, the last lines, in memory. */
import { appendFileSync } from "node:fs";

/** One line. */
export interface ErrorLogEntry {
  /** ISO time. */
  readonly time: string;
  readonly number: number;
  readonly severity: number;
  readonly text: string;
}

/** Lines kept in memory for xp_readerrorlog and tests. */
const KEPT = 2000;

export class ErrorLog {
  readonly #entries: ErrorLogEntry[] = [];

  /** @param file JSON lines; @param now the instance's clock */
  constructor(
    private readonly file: string,
    private readonly now: () => Date,
  ) {}

  /** The last lines, the oldest first. */
  get entries(): readonly ErrorLogEntry[] {
    return this.#entries;
  }

  /** Writes a line. Severity 10 is information; 11 to 25 an error, as sys.messages has it. */
  write(number: number, severity: number, text: string): void {
    const entry = { time: this.now().toISOString(), number, severity, text };
    this.#entries.push(entry);
    if (this.#entries.length > KEPT) this.#entries.shift();
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
  }
}
