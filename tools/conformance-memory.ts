/** Resident memory of the lab's process, sampled while a large result leaves it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { CaseResult } from "./conformance-report";

/** The rows that are read weigh more than twice this as text: a server that kept them would show. */
const growthLimitBytes = 64 * 2 ** 20;
const sampleMilliseconds = 100;

export class MemoryWatch {
  #highest: number;
  readonly #timer: NodeJS.Timeout;

  private constructor(
    readonly pid: number,
    readonly before: number,
  ) {
    this.#highest = before;
    this.#timer = setInterval(() => {
      residentBytes(pid).then(
        (bytes) => (this.#highest = Math.max(this.#highest, bytes)),
        // The server is gone: the case that runs fails by itself.
        () => this.end(),
      );
    }, sampleMilliseconds);
  }

  static async start(pid: number): Promise<MemoryWatch> {
    return new MemoryWatch(pid, await residentBytes(pid));
  }

  async stop(): Promise<CaseResult> {
    this.end();
    const after = await residentBytes(this.pid);
    const megabytes = (bytes: number): string => `${String(Math.round(bytes / 2 ** 20))} MiB`;
    return {
      name: "memory of the server while it sent them",
      passed: after - this.before <= growthLimitBytes,
      found: `before ${megabytes(this.before)}, highest ${megabytes(this.#highest)}, after ${megabytes(after)}`,
    };
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout.trim()) * 1024;
}
