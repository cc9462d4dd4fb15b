/** Options of ALTER DATABASE … SET as the core keeps them: sql-docs alter-database-transact-sql-set-options.md. */
import type { DatabaseOption } from "../../tsql/ast";
import type { Database } from "../database";
import type { DatabaseOptions, RecoveryModel } from "../storage/definitions";

/** What a SET changes. */
export interface WantedChange {
  readonly options: Partial<DatabaseOptions>;
  /** ONLINE, OFFLINE and EMERGENCY are states, not options. */
  readonly state?: "ONLINE" | "OFFLINE" | "EMERGENCY";
  /** ENCRYPTION is kept with the database's key. */
  readonly isEncrypted?: boolean;
  /** The change waits for, or ends, the other sessions of the database. */
  readonly needsExclusiveAccess: boolean;
  /** Names as written, for messages. */
  readonly names: readonly string[];
}

type Writable = { -readonly [K in keyof DatabaseOptions]?: DatabaseOptions[K] };

const SWITCHES: Readonly<Record<string, keyof DatabaseOptions>> = {
  TRUSTWORTHY: "isTrustworthy",
  DB_CHAINING: "isChaining",
  AUTO_CLOSE: "isAutoClose",
  AUTO_SHRINK: "isAutoShrink",
  READ_COMMITTED_SNAPSHOT: "isReadCommittedSnapshot",
  ALLOW_SNAPSHOT_ISOLATION: "allowSnapshotIsolation",
  AUTO_UPDATE_STATISTICS_ASYNC: "isAutoUpdateStatisticsAsync",
};

/** Options that no session may be in the way of. */
const EXCLUSIVE: ReadonlySet<string> = new Set([
  "READ_ONLY",
  "READ_WRITE",
  "SINGLE_USER",
  "RESTRICTED_USER",
  "OFFLINE",
  "EMERGENCY",
  "READ_COMMITTED_SNAPSHOT",
  "NEW_BROKER",
  "ENABLE_BROKER",
]);

/** Reads the options of one SET in their order. */
export function mergeOptions(database: Database, options: readonly DatabaseOption[]): WantedChange {
  const change: Writable = {};
  const others: Record<string, string> = {};
  let state: WantedChange["state"];
  let isEncrypted: boolean | undefined;
  for (const { name, value } of options) {
    const text = String(value ?? "").toUpperCase();
    switch (name) {
      case "READ_ONLY":
      case "READ_WRITE":
        change.isReadOnly = name === "READ_ONLY";
        break;
      case "SINGLE_USER":
      case "RESTRICTED_USER":
      case "MULTI_USER":
        change.userAccess = name;
        break;
      case "ONLINE":
      case "OFFLINE":
      case "EMERGENCY":
        state = name;
        break;
      case "ENCRYPTION":
        isEncrypted = text === "ON";
        break;
      case "RECOVERY":
        change.recoveryModel = text as RecoveryModel;
        break;
      case "PAGE_VERIFY":
        change.pageVerify = text as DatabaseOptions["pageVerify"];
        break;
      case "COMPATIBILITY_LEVEL":
        change.compatibilityLevel = Number(value);
        break;
      case "ENABLE_BROKER":
      case "NEW_BROKER":
      case "ERROR_BROKER_CONVERSATIONS":
        change.isBrokerEnabled = true;
        break;
      case "DISABLE_BROKER":
        change.isBrokerEnabled = false;
        break;
      default: {
        const key = SWITCHES[name];
        if (key === undefined) others[name] = text;
        else Object.assign(change, { [key]: text === "ON" });
      }
    }
  }
  if (Object.keys(others).length > 0) change.others = { ...database.options.others, ...others };
  return {
    options: change,
    ...(state === undefined ? {} : { state }),
    ...(isEncrypted === undefined ? {} : { isEncrypted }),
    needsExclusiveAccess: options.some(({ name }) => EXCLUSIVE.has(name)),
    names: options.map(({ name }) => name),
  };
}
