/** What clients were told is stored, outside of every database: one JSON line per message. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { StoredMessage } from "../control-commands";

export class Ledger {
  readonly #path: string;
  readonly #messages: StoredMessage[];

  /** Goes on with the ledger that is there. */
  constructor(path: string) {
    this.#path = path;
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    this.#messages = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as StoredMessage);
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
