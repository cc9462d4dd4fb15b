/** Runs one program of cases and reads what it tells, one JSON object a line (test/conformance/case_report.py). */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { MemoryWatch } from "./conformance-memory";
import type { CaseResult, PartResult } from "./conformance-report";

/** A program with its arguments and what its environment has in addition. */
export interface CaseProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A line of a program: who it is, that a case begins, how one ended, a note, or that all are done. */
interface Line {
  readonly client?: string;
  readonly version?: string;
  readonly begin?: string;
  readonly case?: string;
  readonly passed?: boolean;
  readonly found?: string;
  readonly note?: string;
  readonly end?: boolean;
}

/** The case whose rows must go through the server without staying in it. */
const largeCase = "100,000 rows";
/** A client that does not end is stopped: hanging is what some do when an answer is wrong. */
const programLimitMilliseconds = 5 * 60_000;

/** How a program is run. */
export interface RunOptions {
  /** Who it is until the program has said so itself. */
  readonly name: string;
  /** Stops the program. */
  readonly signal: AbortSignal;
  /** The process whose memory is watched while the large result is read; none by default. */
  readonly serverPid?: number;
}

/** Runs the program to its end; one that ends before it has said so is one more failed case. */
export async function runCaseProgram(program: CaseProgram, options: RunOptions): Promise<PartResult> {
  const started = performance.now();
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
  options.signal.addEventListener("abort", stop);
  const cases: CaseResult[] = [];
  let [name, version] = [options.name, ""];
  let running = "its start";
  let ended = false;
  let note: string | undefined;
  let watch: MemoryWatch | undefined;
  try {
    for await (const text of createInterface({ input: child.stdout })) {
      const line = parseLine(text);
      if (line.client !== undefined) [name, version] = [line.client, line.version ?? ""];
      if (line.end === true) ended = true;
      note = line.note ?? note;
      if (line.begin !== undefined) {
        running = line.begin;
        if (running === largeCase && options.serverPid !== undefined)
          watch = await MemoryWatch.start(options.serverPid);
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
    options.signal.removeEventListener("abort", stop);
    watch?.end();
  }
  const seconds = (performance.now() - started) / 1000;
  return { name, version, cases, seconds, ...(note === undefined ? {} : { note }) };
}

function parseLine(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`a line of the cases is no JSON: ${text}`, { cause: error });
    throw error;
  }
}
