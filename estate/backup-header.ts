/** One row of RESTORE HEADERONLY, as far as the product needs it. */
import { z } from "zod";

// Read by name: the columns differ by version (restore-statements-headeronly-transact-sql).
/** Schema of a row. */
export const headerRow = z.object({
  BackupType: z.number(),
  DatabaseName: z.string(),
  ServerName: z.string(),
  IsDamaged: z.coerce.boolean(),
  HasBackupChecksums: z.coerce.boolean(),
  BackupSetGUID: z.string().transform((guid) => guid.toUpperCase()),
  FamilyGUID: z.string().transform((guid) => guid.toUpperCase()),
  RecoveryForkID: z.string().transform((guid) => guid.toUpperCase()),
});

/** The header of one set. */
export type BackupHeader = z.infer<typeof headerRow>;
