/** The options of ALTER DATABASE … SET. Source: "ALTER DATABASE SET Options (Transact-SQL)". */
import type { AlterDatabaseAction, DatabaseOption, Termination } from "../ast";
import type { Cursor } from "./cursor";

const ALONE = [
  "READ_ONLY",
  "READ_WRITE",
  "SINGLE_USER",
  "RESTRICTED_USER",
  "MULTI_USER",
  "ONLINE",
  "OFFLINE",
  "EMERGENCY",
  "ENABLE_BROKER",
  "DISABLE_BROKER",
  "NEW_BROKER",
  "ERROR_BROKER_CONVERSATIONS",
] as const;

const WITH_WORD: ReadonlyMap<string, readonly string[]> = new Map([
  ["RECOVERY", ["FULL", "BULK_LOGGED", "SIMPLE"]],
  ["PAGE_VERIFY", ["CHECKSUM", "TORN_PAGE_DETECTION", "NONE"]],
  ["CURSOR_DEFAULT", ["LOCAL", "GLOBAL"]],
  ["PARAMETERIZATION", ["SIMPLE", "FORCED"]],
]);

const ON_OR_OFF = new Set(
  `ALLOW_SNAPSHOT_ISOLATION ANSI_NULL_DEFAULT ANSI_NULLS ANSI_PADDING ANSI_WARNINGS ARITHABORT AUTO_CLOSE
  AUTO_CREATE_STATISTICS AUTO_SHRINK AUTO_UPDATE_STATISTICS AUTO_UPDATE_STATISTICS_ASYNC CONCAT_NULL_YIELDS_NULL
  CURSOR_CLOSE_ON_COMMIT DATE_CORRELATION_OPTIMIZATION DB_CHAINING ENCRYPTION HONOR_BROKER_PRIORITY NUMERIC_ROUNDABORT
  QUOTED_IDENTIFIER READ_COMMITTED_SNAPSHOT RECURSIVE_TRIGGERS TORN_PAGE_DETECTION TRUSTWORTHY`.split(/\s+/),
);

/** Behind SET: options between commas and how open transactions are ended. */
export function parseDatabaseOptions(cursor: Cursor): AlterDatabaseAction {
  const options = cursor.list(() => parseOption(cursor));
  return { kind: "set", options, ...parseTermination(cursor) };
}

function parseOption(cursor: Cursor): DatabaseOption {
  const alone = cursor.acceptOneOf(ALONE);
  if (alone !== undefined) return { name: alone };
  const { token } = cursor;
  const values = WITH_WORD.get(token.word);
  if (values !== undefined) {
    cursor.next();
    return { name: token.word, value: cursor.expectOneOf(values) };
  }
  if (ON_OR_OFF.has(token.word)) {
    cursor.next();
    return { name: token.word, value: cursor.expectOneOf(["ON", "OFF"]) };
  }
  if (cursor.accept("COMPATIBILITY_LEVEL", "=")) return { name: token.word, value: cursor.integer() };
  if (cursor.version.major >= 11 && cursor.accept("TARGET_RECOVERY_TIME", "=")) {
    const amount = cursor.integer();
    const unit = cursor.expectOneOf(["SECONDS", "MINUTES"]);
    return { name: token.word, value: unit === "MINUTES" ? amount * 60 : amount };
  }
  throw cursor.unexpected();
}

function parseTermination(cursor: Cursor): { readonly termination?: Termination } {
  if (!cursor.accept("WITH")) return {};
  if (cursor.accept("NO_WAIT")) return { termination: { kind: "noWait" } };
  cursor.expect("ROLLBACK");
  if (cursor.accept("IMMEDIATE")) return { termination: { kind: "rollbackImmediate" } };
  cursor.expect("AFTER");
  const seconds = cursor.integer();
  cursor.accept("SECONDS");
  return { termination: { kind: "rollbackAfter", seconds } };
}
