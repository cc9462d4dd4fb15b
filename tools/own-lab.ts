/** A lab of a program's own: on free ports, in a folder of its own, gone when the program is done with it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./free-ports";
import { type LabDescription, labSchema } from "./lab-configuration";
import { runLab } from "./lab-process";

const portsOfLab = 5;
const triesOfPorts = 10;

/** A running lab: what it printed, where that lies as a file, and how to end it. */
export interface OwnLab {
  readonly description: LabDescription;
  /** Path of what it printed. */
  readonly json: string;
  /** Folder that goes with it; the lab's directory is below it. */
  readonly folder: string;
  down(): Promise<void>;
}

/**
 * Starts one with options of `up`, without ports and directory.
 * @param purpose names its folder below the system's temporary one
 */
export async function startOwnLab(purpose: string, options: readonly string[]): Promise<OwnLab> {
  const folder = mkdtempSync(join(tmpdir(), `persistent-chat-${purpose}-`));
  for (let tries = 1; ; tries += 1) {
    const where = ["--port-base", String(await freePorts(portsOfLab)), "--directory", join(folder, "lab")];
    try {
      const printed = await runLab(["up", "--json", ...options, ...where]);
      const json = join(folder, "lab.json");
      writeFileSync(json, printed, { mode: 0o600 });
      return {
        description: labSchema.parse(JSON.parse(printed)),
        json,
        folder,
        down: async () => {
          await runLab(["down", ...where]);
          rmSync(folder, { recursive: true, force: true });
        },
      };
    } catch (error) {
      // Between the look and the start another program may have taken a port.
      if (tries < triesOfPorts && error instanceof Error && /Port \d+/.test(error.message)) continue;
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }
}
