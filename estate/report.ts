/** The report of a run: its journal as a file, written anew at every entry so that a killed run leaves what it had done. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, openSync, closeSync, fsyncSync, renameSync, rmSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { DrError } from "./errors";
import type { Journal } from "./journal";

/** What is written besides the journal's entries; plain values, no secrets. */
export interface ReportFacts {
  /** `running` until the run has ended. */
  readonly outcome: "running" | "succeeded" | "failed";
  readonly authority?: unknown;
  readonly plan?: unknown;
  readonly summary?: unknown;
}

/** A report with a fixed path: `<folder>/<time>-<stack>.json`, time of the run's start in UTC. */
export class Report {
  readonly path: string;
  readonly #journal: Journal;

  /** `folder` is `reports` below the current folder unless given. Nothing is written yet. */
  constructor(journal: Journal, folder = "reports") {
    this.#journal = journal;
    const time = journal.started.replace(/\.\d+Z$/, "Z").replaceAll(":", "-");
    const stack = journal.header.stack.replace(/[^A-Za-z0-9._-]/g, "-");
    this.path = freePath(resolve(folder), `${time}-${stack}`);
  }

  /**
   * Writes the file: a temporary one beside it, flushed to disk and renamed, so that a reader never sees half of it.
   * Throws REPORT_NOT_WRITTEN.
   */
  save(facts: ReportFacts): void {
    const { header, started, entries } = this.#journal;
    const body = {
      ...header,
      started,
      ended: facts.outcome === "running" ? null : new Date().toISOString(),
      ...facts,
      entries,
    };
    const temporary = `${this.path}.${randomBytes(4).toString("hex")}.tmp`;
    try {
      mkdirSync(resolve(this.path, ".."), { recursive: true });
      writeWhole(temporary, `${JSON.stringify(body, undefined, 2)}\n`);
      renameSync(temporary, this.path);
    } catch (thrown) {
      throw new DrError({
        code: "REPORT_NOT_WRITTEN",
        summary: thrown instanceof Error ? thrown.message : String(thrown),
        where: this.path,
        expected: "a folder that this account may write",
        hint: "Nothing of the estate is affected; correct the folder's rights or free some space.",
        cause: thrown,
      });
    }
  }
}

/** Writes a new file and waits until it is on the disk; removes it when that fails. */
function writeWhole(path: string, text: string): void {
  const file = openSync(path, "wx", 0o640);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } catch (thrown) {
    rmSync(path, { force: true });
    throw thrown;
  } finally {
    closeSync(file);
  }
}

/** Two pools of one stack may begin in the same second. */
function freePath(folder: string, name: string): string {
  for (let count = 1; ; count += 1) {
    const path = join(folder, count === 1 ? `${name}.json` : `${name}-${count}.json`);
    if (!existsSync(path)) return path;
  }
}
