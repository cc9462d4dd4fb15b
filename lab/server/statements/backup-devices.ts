import type { BackupDevice } from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import { textOf } from "../functions/definition";
import type { Execution } from "./execution";

/** Windows paths of DISK devices. Logical names are unknown here (3206), tape drives do not exist (3201). */
export function devicePaths(devices: readonly BackupDevice[], { context }: Execution): string[] {
  return devices.map((device) => {
    const path = textOf(context.evaluate(device.path)) ?? "";
    if (device.type === "DISK") return path;
    if (device.type === "LOGICAL")
      throw new SqlError(
        3206,
        16,
        `Backup device '${path}' does not exist. To view existing backup devices, use the sys.backup_devices catalog view. To create a new backup device use either sp_addumpdevice or SQL Server Management Studio.`,
      );
    throw new SqlError(
      3201,
      16,
      `Cannot open backup device '${path}'. Operating system error 2(The system cannot find the file specified.).`,
    );
  });
}
