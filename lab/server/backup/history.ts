/** What a backup or restore leaves for msdb: rows of backupset, backupmediaset, backupmediafamily, backupfile, restorehistory. */
import type { CalendarTime } from "../../tsql/values";
import type { BackupFileEntry, BackupSetHeader } from "./header";
import type { StopPoint } from "./stop-point";

/** A media set and its families, for msdb.dbo.backupmediaset and backupmediafamily. */
export interface MediaHistory {
  readonly mediaSetGuid: string;
  readonly familyCount: number;
  readonly name: string;
  readonly description: string;
  readonly isCompressed: boolean;
  readonly families: readonly {
    readonly sequence: number;
    readonly familyGuid: string;
    readonly physicalDeviceName: string;
    /** 2 = disk. */
    readonly deviceType: number;
  }[];
}

/** A backup set for msdb.dbo.backupset (`header`) and backupfile (`files`). */
export interface BackupSetHistory {
  readonly media: MediaHistory;
  readonly header: BackupSetHeader;
  readonly files: readonly BackupFileEntry[];
}

/** What BACKUP answers when it succeeded; failures throw and leave no row. */
export interface BackupOutcome {
  readonly history: BackupSetHistory;
}

/** What RESTORE DATABASE or LOG answers when it succeeded. Absent history: RESTORE DATABASE … WITH RECOVERY alone. */
export interface RestoreOutcome {
  readonly history?: BackupSetHistory;
  readonly restore?: {
    readonly destinationDatabase: string;
    readonly userName: string;
    /** D database, L log, I differential, V verify. */
    readonly restoreType: "D" | "L" | "I" | "V";
    readonly replace: boolean;
    /** false for NORECOVERY and STANDBY. */
    readonly recovery: boolean;
    readonly restoreDate: CalendarTime;
    readonly deviceCount: number;
    readonly stop?: StopPoint;
    /** msdb.dbo.restorefile. */
    readonly files: readonly { readonly fileId: number; readonly physicalName: string }[];
  };
}
