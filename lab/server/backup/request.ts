/** What BACKUP is asked for and what it answers. */
import type { Message } from "../../tsql/results";
import type { StopPoint } from "./stop-point";

/** The session that asks, as far as BACKUP and RESTORE need it. */
export interface Requester {
  readonly sessionId: number;
  /** Original login, for backupset.user_name and restorehistory.user_name. */
  readonly userName: string;
  /** sid of the login, for the owner of a database that RESTORE makes. Hexadecimal without 0x. */
  readonly sid: string;
  /** Name of the session's current database, for 3102. */
  readonly currentDatabase: string;
  /** Information messages (4035, 3014, 3211, 3262 …) as they come. Line and procedure are the caller's to fill. */
  message(message: Pick<Message, "number" | "state" | "class" | "text">): void;
  /** Attention, KILL or a lost connection. */
  readonly signal: AbortSignal;
}

/** sys.dm_exec_requests of a BACKUP or RESTORE that runs. Live object: read it at any time. */
export interface RequestProgress {
  readonly sessionId: number;
  /** "BACKUP DATABASE", "BACKUP LOG", "RESTORE DATABASE", "RESTORE LOG", "RESTORE HEADERONLY", "RESTORE VERIFYONLY" … */
  readonly command: string;
  readonly databaseId: number;
  /** 0 to 100. */
  readonly percentComplete: number;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  /** Milliseconds to go; 0 while nothing is known. */
  readonly estimatedCompletionMs: number;
}

/** Options of BACKUP after parsing. Absent = SQL Server's default. */
export interface BackupRequest {
  readonly kind: "database" | "log";
  readonly database: string;
  /** Windows paths, one per DISK =. */
  readonly devices: readonly string[];
  readonly differential?: boolean;
  readonly copyOnly?: boolean;
  readonly init?: boolean;
  readonly format?: boolean;
  readonly skip?: boolean;
  readonly checksum?: boolean;
  readonly continueAfterError?: boolean;
  /** true COMPRESSION, false NO_COMPRESSION, absent = the server's setting as the caller knows it. */
  readonly compression?: boolean;
  readonly name?: string;
  readonly description?: string;
  readonly mediaName?: string;
  readonly mediaDescription?: string;
  /** EXPIREDATE: milliseconds of the server's local clock since 1970. */
  readonly expireDate?: number;
  readonly retainDays?: number;
  readonly blockSize?: number;
  /** LOG only. */
  readonly noRecovery?: boolean;
  /** LOG only: undo file. */
  readonly standby?: string;
  /** LOG only. */
  readonly noTruncate?: boolean;
  /** STATS = n; absent: no 3211 messages; STATS alone = 10. */
  readonly stats?: number;
  readonly requester: Requester;
}

/** Options of RESTORE DATABASE, RESTORE LOG and VERIFYONLY after parsing. */
export interface RestoreRequest {
  readonly database: string;
  readonly devices: readonly string[];
  /** FILE = n, default 1. */
  readonly file?: number;
  /** In the order written: 4353 when a logical name comes twice. */
  readonly move?: readonly { readonly logicalName: string; readonly physicalName: string }[];
  readonly replace?: boolean;
  /** Default RECOVERY. */
  readonly recovery?: "RECOVERY" | "NORECOVERY" | { readonly standby: string };
  readonly checksum?: boolean;
  readonly noChecksum?: boolean;
  readonly continueAfterError?: boolean;
  readonly restrictedUser?: boolean;
  readonly mediaName?: string;
  /** STOPAT, STOPATMARK, STOPBEFOREMARK. */
  readonly stop?: StopPoint;
  readonly stats?: number;
  /** VERIFYONLY … LOADHISTORY. */
  readonly loadHistory?: boolean;
  readonly requester: Requester;
}

/** RESTORE HEADERONLY, FILELISTONLY, LABELONLY. */
export interface InspectRequest {
  readonly devices: readonly string[];
  /** FILE = n. HEADERONLY without it lists every set. */
  readonly file?: number;
  readonly requester: Requester;
}
