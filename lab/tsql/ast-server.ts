/** Syntax tree of what the server executes: databases, BACKUP, RESTORE, administration. */
import type { Expression, Literal, VariableReference } from "./ast";
import type {
  AlterAuthorizationStatement,
  AlterLoginStatement,
  AlterRoleStatement,
  AlterUserStatement,
  BackupCertificateStatement,
  CreateCertificateStatement,
  CreateEncryptionKeyStatement,
  CreateLoginStatement,
  CreateMasterKeyStatement,
  CreateRoleStatement,
  CreateUserStatement,
  DropCertificateStatement,
  DropEndpointStatement,
  DropPrincipalStatement,
  EndpointStatement,
  PermissionStatement,
} from "./ast-security";
import type {
  AlterTableStatement,
  CreateIndexStatement,
  CreateSchemaStatement,
  CreateTableStatement,
  DropIndexStatement,
  DropTableStatement,
} from "./ast-tables";

export interface UseStatement {
  readonly kind: "use";
  readonly line: number;
  readonly database: string;
}

// BACKUP and RESTORE -------------------------------------------------------------------------------------------------

/** DISK = path (several stripe the set), TAPE = path, or the name of a logical backup device. */
export interface BackupDevice {
  readonly type: "DISK" | "TAPE" | "LOGICAL";
  /** String literal or variable; the name for LOGICAL. */
  readonly path: Literal | VariableReference;
}

/** Options of BACKUP. Those with a value say what it is; STATS may come without one (10). */
export type BackupOptionName =
  | "COPY_ONLY"
  | "DIFFERENTIAL"
  | "COMPRESSION"
  | "NO_COMPRESSION"
  | "NAME"
  | "DESCRIPTION"
  | "EXPIREDATE"
  | "RETAINDAYS"
  | "INIT"
  | "NOINIT"
  | "SKIP"
  | "NOSKIP"
  | "FORMAT"
  | "NOFORMAT"
  | "MEDIANAME"
  | "MEDIADESCRIPTION"
  | "MEDIAPASSWORD"
  | "PASSWORD"
  | "BLOCKSIZE"
  | "BUFFERCOUNT"
  | "MAXTRANSFERSIZE"
  | "CHECKSUM"
  | "NO_CHECKSUM"
  | "STOP_ON_ERROR"
  | "CONTINUE_AFTER_ERROR"
  | "RESTART"
  | "STATS"
  | "REWIND"
  | "NOREWIND"
  | "UNLOAD"
  | "NOUNLOAD"
  | "NORECOVERY"
  | "STANDBY"
  | "NO_TRUNCATE";

/** BACKUP DATABASE|LOG. Options are in the order written, also repeated and contradictory ones: the server judges. */
export interface BackupStatement {
  readonly kind: "backup";
  readonly line: number;
  readonly type: "DATABASE" | "LOG";
  /** Name (as nvarchar literal) or variable that holds it. */
  readonly database: Literal | VariableReference;
  readonly devices: readonly BackupDevice[];
  readonly options: readonly { readonly name: BackupOptionName; readonly value?: Expression }[];
}

export type RestoreType = "DATABASE" | "LOG" | "HEADERONLY" | "FILELISTONLY" | "LABELONLY" | "VERIFYONLY";

/** Options of RESTORE except MOVE. STOPATMARK and STOPBEFOREMARK may have AFTER. */
export type RestoreOptionName =
  | "FILE"
  | "REPLACE"
  | "RECOVERY"
  | "NORECOVERY"
  | "STANDBY"
  | "CHECKSUM"
  | "NO_CHECKSUM"
  | "STOP_ON_ERROR"
  | "CONTINUE_AFTER_ERROR"
  | "STATS"
  | "RESTRICTED_USER"
  | "STOPAT"
  | "STOPATMARK"
  | "STOPBEFOREMARK"
  | "LOADHISTORY"
  | "MEDIANAME"
  | "MEDIAPASSWORD"
  | "PASSWORD"
  | "BLOCKSIZE"
  | "BUFFERCOUNT"
  | "MAXTRANSFERSIZE"
  | "KEEP_REPLICATION"
  | "KEEP_CDC"
  | "ENABLE_BROKER"
  | "ERROR_BROKER_CONVERSATIONS"
  | "NEW_BROKER"
  | "PARTIAL"
  | "RESTART"
  | "REWIND"
  | "NOREWIND"
  | "UNLOAD"
  | "NOUNLOAD";

export interface RestoreStatement {
  readonly kind: "restore";
  readonly line: number;
  readonly type: RestoreType;
  /** DATABASE and LOG only: name (as nvarchar literal) or variable that holds it. */
  readonly database?: Literal | VariableReference;
  /** Empty only for RESTORE DATABASE|LOG without FROM: recover what is there. */
  readonly devices: readonly BackupDevice[];
  /** MOVE logical TO physical. */
  readonly moves: readonly { readonly logical: Expression; readonly physical: Expression }[];
  readonly options: readonly {
    readonly name: RestoreOptionName;
    readonly value?: Expression;
    readonly after?: Expression;
  }[];
}

// Databases ----------------------------------------------------------------------------------------------------------

/** Size of a file. Without unit: MB; "%" only for growth. */
export interface FileSize {
  readonly amount: number;
  readonly unit: "KB" | "MB" | "GB" | "TB" | "%";
}

export interface FileSpecification {
  /** Logical name. */
  readonly name?: string;
  /** MODIFY FILE only. */
  readonly newName?: string;
  /** Path on the server's machine. */
  readonly fileName?: string;
  readonly size?: FileSize;
  readonly maxSize?: FileSize | "UNLIMITED";
  readonly growth?: FileSize;
  readonly offline?: boolean;
  /** Absent: PRIMARY, or the log. */
  readonly filegroup?: string;
}

export interface CreateDatabaseStatement {
  readonly kind: "createDatabase";
  readonly line: number;
  readonly name: string;
  /** Data files, the first is the primary file; empty: the server's defaults. */
  readonly files: readonly FileSpecification[];
  readonly logFiles: readonly FileSpecification[];
  readonly collation?: string;
  readonly forAttach: boolean;
}

export interface DropDatabaseStatement {
  readonly kind: "dropDatabase";
  readonly line: number;
  readonly names: readonly string[];
}

/**
 * An option of ALTER DATABASE … SET. Alone: READ_ONLY, READ_WRITE, SINGLE_USER, RESTRICTED_USER, MULTI_USER, ONLINE,
 * OFFLINE, EMERGENCY, ENABLE_BROKER, DISABLE_BROKER, NEW_BROKER, ERROR_BROKER_CONVERSATIONS. With a word: RECOVERY
 * (FULL, BULK_LOGGED, SIMPLE), PAGE_VERIFY (CHECKSUM, TORN_PAGE_DETECTION, NONE), CURSOR_DEFAULT, PARAMETERIZATION;
 * ON or OFF for the rest. COMPATIBILITY_LEVEL and TARGET_RECOVERY_TIME (seconds) have a number.
 */
export interface DatabaseOption {
  readonly name: string;
  readonly value?: string | number;
}

/** WITH ROLLBACK IMMEDIATE | ROLLBACK AFTER n [SECONDS] | NO_WAIT. Absent: wait. */
export type Termination =
  | { readonly kind: "rollbackImmediate" }
  | { readonly kind: "rollbackAfter"; readonly seconds: number }
  | { readonly kind: "noWait" };

export type AlterDatabaseAction =
  | { readonly kind: "set"; readonly options: readonly DatabaseOption[]; readonly termination?: Termination }
  | {
      readonly kind: "setPartner";
      readonly partner:
        | { readonly kind: "address"; readonly address: string }
        | { readonly kind: "off" | "failover" | "forceServiceAllowDataLoss" | "suspend" | "resume" }
        | { readonly kind: "safety"; readonly safety: "FULL" | "OFF" }
        | { readonly kind: "timeout"; readonly seconds: number };
    }
  /** `address` absent: OFF. */
  | { readonly kind: "setWitness"; readonly address?: string }
  | { readonly kind: "modifyName"; readonly name: string }
  | { readonly kind: "collate"; readonly collation: string }
  | { readonly kind: "addFiles"; readonly log: boolean; readonly files: readonly FileSpecification[] }
  | { readonly kind: "modifyFile"; readonly file: FileSpecification }
  | { readonly kind: "removeFile"; readonly name: string }
  | { readonly kind: "addFilegroup"; readonly name: string };

export interface AlterDatabaseStatement {
  readonly kind: "alterDatabase";
  readonly line: number;
  /** null = CURRENT, from version 11 on. */
  readonly database: string | null;
  readonly action: AlterDatabaseAction;
}

// Administration -----------------------------------------------------------------------------------------------------

/** KILL n, KILL 'unit of work'. */
export interface KillStatement {
  readonly kind: "kill";
  readonly line: number;
  readonly session: number | string;
  readonly statusOnly: boolean;
}

export interface CheckpointStatement {
  readonly kind: "checkpoint";
  readonly line: number;
  readonly duration?: number;
}

/** DBCC name (arguments) WITH options. Bare words among the arguments are nvarchar literals. */
export interface DbccStatement {
  readonly kind: "dbcc";
  readonly line: number;
  readonly command: string;
  readonly args: readonly Expression[];
  readonly options: readonly string[];
}

export interface ReconfigureStatement {
  readonly kind: "reconfigure";
  readonly line: number;
  readonly override: boolean;
}

export interface ShutdownStatement {
  readonly kind: "shutdown";
  readonly line: number;
  readonly noWait: boolean;
}

/** EXECUTE AS: from now on the session is another login or user. */
export interface ExecuteAsStatement {
  readonly kind: "executeAs";
  readonly line: number;
  readonly principal: "LOGIN" | "USER";
  readonly name: Expression;
}

/** REVERT: back to who the session was before the last EXECUTE AS. */
export interface RevertStatement {
  readonly kind: "revert";
  readonly line: number;
}

/** What the server executes and not the language. */
export type ServerStatement =
  | UseStatement
  | ExecuteAsStatement
  | RevertStatement
  | BackupStatement
  | RestoreStatement
  | CreateDatabaseStatement
  | DropDatabaseStatement
  | AlterDatabaseStatement
  | CreateTableStatement
  | AlterTableStatement
  | DropTableStatement
  | CreateIndexStatement
  | DropIndexStatement
  | CreateSchemaStatement
  | CreateLoginStatement
  | AlterLoginStatement
  | DropPrincipalStatement
  | CreateUserStatement
  | AlterUserStatement
  | CreateRoleStatement
  | AlterRoleStatement
  | CreateMasterKeyStatement
  | CreateCertificateStatement
  | BackupCertificateStatement
  | DropCertificateStatement
  | CreateEncryptionKeyStatement
  | PermissionStatement
  | AlterAuthorizationStatement
  | EndpointStatement
  | DropEndpointStatement
  | KillStatement
  | CheckpointStatement
  | DbccStatement
  | ReconfigureStatement
  | ShutdownStatement;
