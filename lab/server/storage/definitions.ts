/** What a database's data file says of its tables, users and options. All of it travels with backup and restore. */
import type { SQLInputValue } from "node:sqlite";
import type { Column, SqlValue } from "../../tsql/values";

/** A column of a stored table. */
export interface ColumnDefinition extends Column {
  /** DEFAULT as written, without outer parentheses added; evaluated through `InstanceEnvironment.evaluateDefault`. */
  readonly default?: { readonly constraint: string; readonly text: string };
  /** IDENTITY(seed, increment). */
  readonly generated?: { readonly seed: bigint; readonly increment: bigint };
}

/** PRIMARY KEY, UNIQUE or a unique index. `columns` are positions from 0. */
export interface KeyDefinition {
  readonly name: string;
  readonly kind: "primary key" | "unique" | "unique index";
  readonly columns: readonly number[];
  readonly clustered: boolean;
}

/** CHECK: `text` is the condition, `columns` the names of those that it reads. */
export interface CheckDefinition {
  readonly name: string;
  readonly text: string;
  readonly columns: readonly string[];
}

/** A table as CREATE TABLE made it. */
export interface TableDefinition {
  /** object_id */
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly ColumnDefinition[];
  readonly keys: readonly KeyDefinition[];
  /** Absent: none. */
  readonly checks?: readonly CheckDefinition[];
  /** DATA_COMPRESSION; absent: NONE. */
  readonly compression?: "ROW" | "PAGE";
  /** ISO text of the server's local time, for sys.tables.create_date. */
  readonly created: string;
}

/** Everything of a definition but what the database gives itself. */
export type NewTable = Omit<TableDefinition, "id" | "created"> & { readonly id?: number };

/** A database principal. Other kinds of object (views, procedures, permissions, schemas) use `Database.definitions`. */
export interface UserDefinition {
  readonly principalId: number;
  readonly name: string;
  /** Hexadecimal, upper case, without 0x; "" for a user without login. */
  readonly sid: string;
  /** sys.database_principals.type: S SQL user, U Windows user, G Windows group, R role. */
  readonly type: "S" | "U" | "G" | "R";
  readonly defaultSchema: string;
  /** Names of the database roles that it is a member of. */
  readonly roles: readonly string[];
}

export type RecoveryModel = "FULL" | "BULK_LOGGED" | "SIMPLE";
export type UserAccess = "MULTI_USER" | "RESTRICTED_USER" | "SINGLE_USER";

/** State of a database as sys.databases.state_desc names it. */
export type DatabaseState =
  "ONLINE" | "RESTORING" | "RECOVERING" | "RECOVERY_PENDING" | "SUSPECT" | "EMERGENCY" | "OFFLINE";

/** sys.databases.state of a name. */
export const DATABASE_STATES: readonly DatabaseState[] = [
  "ONLINE",
  "RESTORING",
  "RECOVERING",
  "RECOVERY_PENDING",
  "SUSPECT",
  "EMERGENCY",
  "OFFLINE",
];

/** Options of a database; they lie in its data file, so a restore brings those of the backup set. */
export interface DatabaseOptions {
  readonly recoveryModel: RecoveryModel;
  readonly userAccess: UserAccess;
  readonly isReadOnly: boolean;
  readonly compatibilityLevel: number;
  readonly collation: string;
  readonly isTrustworthy: boolean;
  readonly isBrokerEnabled: boolean;
  readonly isChaining: boolean;
  readonly isAutoClose: boolean;
  readonly isAutoShrink: boolean;
  readonly isReadCommittedSnapshot: boolean;
  readonly isAutoUpdateStatisticsAsync: boolean;
  readonly allowSnapshotIsolation: boolean;
  readonly pageVerify: "NONE" | "TORN_PAGE_DETECTION" | "CHECKSUM";
  /** Options that the engine only stores and shows, by their name in ALTER DATABASE. */
  readonly others: Readonly<Record<string, string>>;
}

/** Options of `model` as it is installed. */
export const MODEL_OPTIONS: DatabaseOptions = {
  recoveryModel: "FULL",
  userAccess: "MULTI_USER",
  isReadOnly: false,
  compatibilityLevel: 110,
  collation: "SQL_Latin1_General_CP1_CI_AS",
  isTrustworthy: false,
  isBrokerEnabled: false,
  isChaining: false,
  isAutoClose: false,
  isAutoShrink: false,
  isReadCommittedSnapshot: false,
  isAutoUpdateStatisticsAsync: false,
  allowSnapshotIsolation: false,
  pageVerify: "CHECKSUM",
  others: {},
};

/** A data or log file of a database: sys.master_files. */
export interface DatabaseFile {
  readonly fileId: number;
  readonly type: "ROWS" | "LOG";
  /** Logical name. */
  readonly name: string;
  /** Windows path as the instance's host sees it. */
  readonly physicalName: string;
  /** In pages of 8 KiB, at creation; the data file's present size is `Database.filePages(fileId)`. */
  readonly size: number;
  /** In pages; -1 unlimited, 268435456 for a log file's 2 TiB. */
  readonly maxSize: number;
  readonly growth: number;
  readonly isPercentGrowth: boolean;
  readonly fileGuid: string;
}

/** sys.database_recovery_status and what BACKUP and RESTORE need. LSNs are numeric(25,0) as bigint. */
export interface RecoveryStatus {
  readonly familyGuid: string;
  readonly recoveryForkGuid: string;
  /** Differs from `recoveryForkGuid` from a recovery until the next log backup. */
  readonly firstRecoveryForkGuid: string;
  readonly forkPointLsn: bigint | null;
  /** NULL: no log backup can be taken (4214). */
  readonly lastLogBackupLsn: bigint | null;
  /** Checkpoint LSN of the last full backup, 0 before any. */
  readonly databaseBackupLsn: bigint;
  readonly differentialBaseLsn: bigint | null;
  readonly differentialBaseGuid: string | null;
  /** The next log set is the first of its chain. */
  readonly beginsLogChain: boolean;
  readonly checkpointLsn: bigint;
  /** A bulk load was logged minimally since the last log backup. */
  readonly hasBulkLoggedData: boolean;
}

/** A row as it lies in the data file: its locator, its columns and the keys that have a text of their own. */
export interface StoredRow {
  readonly row: number;
  readonly values: readonly SQLInputValue[];
}

/** A row as a program hands it to `insert`: undefined = default, identity or NULL. */
export type NewRow = readonly (SqlValue | undefined)[];
