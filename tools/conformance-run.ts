/** Runs one program of cases and reads what it tells, one JSON object a line (test/conformance/case_report.py). */
import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** A program with its arguments and what its environment has in addition. */
export interface CaseProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** One case; `found` says what was seen, or why it failed. */
export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  readonly found: string;
}

/** All cases of a client; `title` is its name and version as it gave them. */
export interface CaseProgramResult {
  readonly title: string;
  readonly cases: readonly CaseResult[];
}

/** A line of a program: who it is, that a case begins, how one ended, or that all are done. */
interface Line {
  readonly client?: string;
  readonly version?: string;
  readonly begin?: string;
  readonly case?: string;
  readonly passed?: boolean;
  readonly found?: string;
  readonly end?: boolean;
}

/** The case whose rows must go through the server without staying in it. */
const largeCase = "100,000 rows";
/** The rows of that case weigh more than twice this as text: a server that kept them would show. */
const growthLimitBytes = 64 * 2 ** 20;
const sampleMilliseconds = 100;
/** A client that does not end is stopped: hanging is what some do when an answer is wrong. */
const programLimitMilliseconds = 5 * 60_000;

/**
 * @param name title until the program has given its own
 * @param serverPid whose memory is watched while the large result is read
 * @param signal stops the program
 */
export async function runCaseProgram(
  program: CaseProgram,
  name: string,
  serverPid: number,
  signal: AbortSignal,
): Promise<CaseProgramResult> {
  const child = spawn(program.file, program.args, {
    env: { ...process.env, ...program.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("utf8")));
  const exit = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? `status ${String(code)}`));
  });
  exit.catch(() => undefined);
  const stop = (): void => void child.kill("SIGKILL");
  const limit = setTimeout(stop, programLimitMilliseconds);
  signal.addEventListener("abort", stop);
  const cases: CaseResult[] = [];
  let title = name;
  let running = "its start";
  let ended = false;
  let watch: MemoryWatch | undefined;
  try {
    for await (const text of createInterface({ input: child.stdout })) {
      const line = parseLine(text);
      if (line.client !== undefined) title = `${line.client} ${line.version ?? ""}`.trim();
      if (line.end === true) ended = true;
      if (line.begin !== undefined) {
        running = line.begin;
        if (running === largeCase) watch = await MemoryWatch.start(serverPid);
      }
      if (line.case !== undefined) {
        cases.push({ name: line.case, passed: line.passed === true, found: line.found ?? "" });
        if (line.case === largeCase && watch !== undefined) cases.push(await watch.stop());
      }
    }
    const how = await exit;
    if (!ended) cases.push({ name: running, passed: false, found: `the program ended with ${how}: ${errors.trim()}` });
  } finally {
    clearTimeout(limit);
    signal.removeEventListener("abort", stop);
    watch?.end();
  }
  return { title, cases };
}

function parseLine(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`a line of the cases is no JSON: ${text}`, { cause: error });
    throw error;
  }
}

/** Resident memory of a process, sampled. */
class MemoryWatch {
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
