/** CREATE, ALTER and DROP DATABASE. Source: "CREATE DATABASE", "ALTER DATABASE", "ALTER DATABASE Database Mirroring". */
import type {
  AlterDatabaseAction,
  AlterDatabaseStatement,
  CreateDatabaseStatement,
  DropDatabaseStatement,
  FileSpecification,
} from "../ast";
import type { Cursor } from "./cursor";
import { parseFile, parseFiles, parseLogicalName } from "./database-files";
import { parseDatabaseOptions } from "./database-options";

/** Behind CREATE DATABASE. */
export function parseCreateDatabase(cursor: Cursor, line: number): CreateDatabaseStatement {
  const name = cursor.identifier();
  let files: FileSpecification[] = [];
  if (cursor.accept("ON")) {
    cursor.accept("PRIMARY");
    files = parseFiles(cursor);
  }
  const logFiles = cursor.accept("LOG", "ON") ? parseFiles(cursor) : [];
  const collation = cursor.accept("COLLATE") ? { collation: cursor.identifier() } : {};
  const forAttach = cursor.accept("FOR");
  if (forAttach) cursor.expect("ATTACH");
  return { kind: "createDatabase", line, name, files, logFiles, ...collation, forAttach };
}

/** Behind DROP DATABASE. */
export function parseDropDatabase(cursor: Cursor, line: number): DropDatabaseStatement {
  return { kind: "dropDatabase", line, names: cursor.list(() => cursor.identifier()) };
}

/** Behind ALTER DATABASE. */
export function parseAlterDatabase(cursor: Cursor, line: number): AlterDatabaseStatement {
  const current = cursor.version.major >= 11 && cursor.accept("CURRENT");
  const database = current ? null : cursor.identifier();
  return { kind: "alterDatabase", line, database, action: parseAction(cursor) };
}

function parseAction(cursor: Cursor): AlterDatabaseAction {
  if (cursor.accept("COLLATE")) return { kind: "collate", collation: cursor.identifier() };
  switch (cursor.expectOneOf(["SET", "MODIFY", "ADD", "REMOVE"])) {
    case "SET":
      return parseSetAction(cursor);
    case "MODIFY":
      return parseModification(cursor);
    case "ADD":
      return parseAddition(cursor);
    default:
      cursor.expect("FILE");
      return { kind: "removeFile", name: parseLogicalName(cursor) };
  }
}

function parseModification(cursor: Cursor): AlterDatabaseAction {
  if (cursor.accept("NAME")) {
    cursor.expect("=");
    return { kind: "modifyName", name: cursor.identifier() };
  }
  cursor.expect("FILE");
  return { kind: "modifyFile", file: parseFile(cursor) };
}

function parseAddition(cursor: Cursor): AlterDatabaseAction {
  if (cursor.accept("FILEGROUP")) return { kind: "addFilegroup", name: cursor.identifier() };
  const log = cursor.accept("LOG");
  cursor.expect("FILE");
  const files = cursor.list(() => parseFile(cursor));
  if (log || !cursor.accept("TO", "FILEGROUP")) return { kind: "addFiles", log, files };
  const filegroup = cursor.identifier();
  return { kind: "addFiles", log, files: files.map((file) => ({ ...file, filegroup })) };
}

function parseSetAction(cursor: Cursor): AlterDatabaseAction {
  if (cursor.accept("PARTNER")) return { kind: "setPartner", partner: parsePartner(cursor) };
  if (!cursor.accept("WITNESS")) return parseDatabaseOptions(cursor);
  if (cursor.accept("OFF")) return { kind: "setWitness" };
  cursor.expect("=");
  return { kind: "setWitness", address: cursor.string() };
}

type Partner = Extract<AlterDatabaseAction, { readonly kind: "setPartner" }>["partner"];

/** One mirroring option per statement. */
function parsePartner(cursor: Cursor): Partner {
  if (cursor.accept("=")) return { kind: "address", address: cursor.string() };
  const action = cursor.expectOneOf([
    "OFF",
    "FAILOVER",
    "FORCE_SERVICE_ALLOW_DATA_LOSS",
    "SUSPEND",
    "RESUME",
    "SAFETY",
    "TIMEOUT",
  ]);
  switch (action) {
    case "SAFETY":
      return { kind: "safety", safety: cursor.expectOneOf(["FULL", "OFF"] as const) };
    case "TIMEOUT":
      return { kind: "timeout", seconds: cursor.integer() };
    case "FORCE_SERVICE_ALLOW_DATA_LOSS":
      return { kind: "forceServiceAllowDataLoss" };
    case "OFF":
      return { kind: "off" };
    case "FAILOVER":
      return { kind: "failover" };
    case "SUSPEND":
      return { kind: "suspend" };
    default:
      return { kind: "resume" };
  }
}
