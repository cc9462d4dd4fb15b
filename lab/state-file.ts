/** lab.json: what a running lab says of itself, in its directory; gone when the lab is down. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LabDescription, LabError } from "./control-commands";
import { request } from "./control-request";

export const DEFAULT_PORT_BASE = 14330;

/** The checkout: default place of `.lab`. */
export const projectDirectory = join(__dirname, "..");

/** Folder of the lab with this base when none is named. */
export function defaultDirectory(portBase: number): string {
  return join(projectDirectory, ".lab", String(portBase));
}

export function stateFile(directory: string): string {
  return join(directory, "lab.json");
}

/** Writes it whole or not at all; passwords are in it, so only its owner may read it. */
export function writeState(description: LabDescription): void {
  const file = stateFile(description.directory);
  writeFileSync(`${file}.new`, `${JSON.stringify(description, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeState(directory: string): void {
  rmSync(stateFile(directory), { force: true });
}

/** What the directory's state file says; undefined when there is none or it is no JSON (half written by a dying disk). */
export function readState(directory: string): LabDescription | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(directory), "utf8")) as LabDescription;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && "code" in error && error.code === "ENOENT"))
      return undefined;
    throw error;
  }
}

/** Whether a process of this number runs. One that has ended and that its parent did not ask for yet is gone. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: it is there and somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Containers without an init process never reap orphans; only Linux tells (proc_pid_stat(5), field 3 behind the name). */
function isZombie(pid: number): boolean {
  if (!existsSync("/proc/self/stat")) return false;
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    // It went away after kill(2) had seen it.
    return true;
  }
}

/**
 * The lab that runs on this directory, or undefined. A state file that a killed daemon left is recognised: its process
 * is gone, or its number belongs to another program now, which does not know the lab's token.
 */
export async function findRunning(directory: string): Promise<LabDescription | undefined> {
  const state = readState(directory);
  if (state === undefined || !isProcessAlive(state.pid)) return undefined;
  try {
    const { lab } = await request(state.control, "status", {});
    return lab.pid === state.pid ? lab : undefined;
  } catch (error) {
    if (error instanceof LabError) return undefined;
    throw error;
  }
}

/** The same; throws LabError when no lab runs. */
export async function requireRunning(directory: string, portBase: number): Promise<LabDescription> {
  const running = await findRunning(directory);
  if (running !== undefined) return running;
  throw new LabError(
    `No lab runs in ${directory}.`,
    `Start one with: npm run lab -- up --port-base ${String(portBase)}`,
  );
}
