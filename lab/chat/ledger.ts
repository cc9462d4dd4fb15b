/** What clients were told is stored, outside of every database: one JSON line per message. */
import { appendFileSync } from "node:fs";
import type { StoredMessage } from "../control-commands";
import { wholeLines } from "../line-file";

export class Ledger {
  readonly #path: string;
  readonly #messages: StoredMessage[];

  /** Goes on with the ledger that is there, without a last line that a kill cut off. */
  constructor(path: string) {
    this.#path = path;
    this.#messages = wholeLines(path).map((line) => JSON.parse(line) as StoredMessage);
  }

  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  /** Writes a message down at once: what a client was told must be there after a crash. */
  record(message: StoredMessage): void {
    appendFileSync(this.#path, `${JSON.stringify(message)}\n`);
    this.#messages.push(message);
  }
}
