/** The undo file of WITH STANDBY. Only committed transactions are restored here, so there is never anything to undo in it. */
import { rmSync, writeFileSync } from "node:fs";
import type { InstanceCore } from "../instance-core";
import { windowsErrorOf } from "./device";
import { backupErrors } from "./errors";

/** Throws 3201 when the engine's account cannot make it. */
export function makeUndoFile(core: InstanceCore, path: string): void {
  try {
    writeFileSync(core.locate(path, "write").file, "Undo file of WITH STANDBY: no transaction was open.\n");
  } catch (error) {
    throw backupErrors.open(path, windowsErrorOf(error).text, 1);
  }
}

export function removeUndoFile(core: InstanceCore, path: string): void {
  const file = core.find(path);
  if (file !== undefined) rmSync(file, { force: true });
}
