/** Files of a database as CREATE and ALTER DATABASE write them. Source: "ALTER DATABASE File and Filegroup Options". */
import type { FileSize, FileSpecification } from "../ast";
import type { Cursor } from "./cursor";
import { parseMerged } from "./merged";

/** Files between commas; `FILEGROUP name` begins those of another filegroup. */
export function parseFiles(cursor: Cursor): FileSpecification[] {
  let filegroup: string | undefined;
  return cursor.list(() => {
    if (cursor.accept("FILEGROUP")) {
      filegroup = cursor.identifier();
      cursor.accept("DEFAULT");
    }
    const file = parseFile(cursor);
    return filegroup === undefined ? file : { ...file, filegroup };
  });
}

/** `( NAME = x, FILENAME = 'path', SIZE = 10MB, MAXSIZE = UNLIMITED, FILEGROWTH = 10% )`. */
export function parseFile(cursor: Cursor): FileSpecification {
  return cursor.parenthesized(() => parseMerged<FileSpecification>(cursor, () => parseProperty(cursor)));
}

function parseProperty(cursor: Cursor): FileSpecification {
  if (cursor.accept("OFFLINE")) return { offline: true };
  const property = cursor.expectOneOf(["NAME", "NEWNAME", "FILENAME", "SIZE", "MAXSIZE", "FILEGROWTH"]);
  cursor.expect("=");
  switch (property) {
    case "NAME":
      return { name: parseLogicalName(cursor) };
    case "NEWNAME":
      return { newName: parseLogicalName(cursor) };
    case "FILENAME":
      return { fileName: cursor.string() };
    case "SIZE":
      return { size: parseSize(cursor) };
    case "MAXSIZE":
      return { maxSize: cursor.accept("UNLIMITED") ? "UNLIMITED" : parseSize(cursor) };
    default:
      return { growth: parseSize(cursor, true) };
  }
}

/** A name, with or without quotation marks. */
export function parseLogicalName(cursor: Cursor): string {
  return cursor.isString() ? cursor.string() : cursor.identifier();
}

function parseSize(cursor: Cursor, percentAllowed = false): FileSize {
  const amount = cursor.integer();
  if (percentAllowed && cursor.accept("%")) return { amount, unit: "%" };
  return { amount, unit: cursor.acceptOneOf(["KB", "MB", "GB", "TB"] as const) ?? "MB" };
}
