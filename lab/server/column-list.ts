/** Columns written the way a CREATE TABLE writes them, so that a system table reads like its page in the documentation. */
import type { Column, SqlType, SqlTypeName } from "../tsql/values";
import { SYSNAME } from "../tsql/values";

const ENTRY =
  /^(?<name>\w+)\s+(?<type>\w+)(?:\((?<length>\w+)(?:,\s*(?<scale>\d+))?\))?(?<nullable>\s+null)?(?<identity>\s+identity)?(?:\s+since\s+(?<since>\d+))?$/;

/** Lengths of types that are written without one in {@link columnList}. */
function typeOf(name: string, length: string | undefined, scale: string | undefined): SqlType {
  if (name === "sysname") return SYSNAME;
  const typeName = name as SqlTypeName;
  if (typeName === "numeric" || typeName === "decimal")
    return { name: typeName, precision: Number(length), scale: Number(scale ?? "0") };
  if (typeName === "datetime2" || typeName === "time" || typeName === "datetimeoffset")
    return { name: typeName, scale: Number(length ?? "7") };
  if (length === undefined) return { name: typeName };
  return { name: typeName, length: length === "max" ? "max" : Number(length) };
}

/**
 * Reads `name type [null] [identity] [since n]`, one column per line or separated by commas at the end of a line.
 * @param text for example `database_id int\n name sysname null`; blank lines do not count
 * @param majorVersion columns marked `since n` are left out below major version n (11 = SQL Server 2012)
 * Throws Error for a line that it cannot read: that is a mistake in the lab's own text.
 */
export function columnList(text: string, majorVersion = Number.POSITIVE_INFINITY): Column[] {
  const columns: Column[] = [];
  for (const line of text.split(/\n|;/)) {
    const entry = line.trim().replace(/,$/, "");
    if (entry === "") continue;
    const parts = ENTRY.exec(entry)?.groups;
    if (parts === undefined) throw new Error(`Column list of the lab: expected "name type", found "${entry}".`);
    if (parts["since"] !== undefined && Number(parts["since"]) > majorVersion) continue;
    columns.push({
      name: parts["name"] as string,
      type: typeOf(parts["type"] as string, parts["length"], parts["scale"]),
      nullable: parts["nullable"] !== undefined,
      ...(parts["identity"] === undefined ? {} : { identity: true }),
    });
  }
  return columns;
}
