/** Resident memory of the lab's process, sampled while a large result leaves it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { CaseResult } from "./conformance-report";

/**
 * What the server may hold more than before, at any moment and afterwards. The rows that are read weigh more than twice this
 * as text: a server that kept them, or let them pile up before a client that reads slowly, would show. Less would judge its
 * garbage: the young generation alone may grow by three times what lab/daemon-start.ts gives each half of it.
 */
const growthLimitBytes = 64 * 2 ** 20;
const sampleMilliseconds = 100;

/** Resident sets in bytes. */
export interface MemorySeen {
  readonly before: number;
  /** Of all samples. */
  readonly highest: number;
  readonly after: number;
}

/** Judges what was seen: by its peak, which `after` is part of. */
export function judgeMemory({ before, highest, after }: MemorySeen): CaseResult {
  const megabytes = (bytes: number): string => `${String(Math.round(bytes / 2 ** 20))} MiB`;
  const limit = before + growthLimitBytes;
  return {
    name: "memory of the server while it sent them",
    passed: Math.max(highest, after) <= limit,
    found: `before ${megabytes(before)}, highest ${megabytes(highest)}, after ${megabytes(after)}; at most ${megabytes(limit)}`,
  };
}

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
    return judgeMemory({ before: this.before, highest: this.#highest, after });
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout.trim()) * 1024;
}
