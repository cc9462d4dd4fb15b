/** BACKUP DATABASE and BACKUP LOG. Source: "BACKUP (Transact-SQL)". */
import type { BackupDevice, BackupOptionName, BackupStatement, Expression } from "../ast";
import { unknownOption } from "../parser-errors";
import { parseConstantOrVariable, parseNameOrVariable, parseStringOrVariable } from "./constants";
import type { Cursor } from "./cursor";

/** Whether an option has a value behind an equals sign. */
export type ValueRule = "none" | "required" | "optional";

const BOTH: Readonly<Partial<Record<BackupOptionName, ValueRule>>> = {
  COPY_ONLY: "none",
  COMPRESSION: "none",
  NO_COMPRESSION: "none",
  NAME: "required",
  DESCRIPTION: "required",
  EXPIREDATE: "required",
  RETAINDAYS: "required",
  INIT: "none",
  NOINIT: "none",
  SKIP: "none",
  NOSKIP: "none",
  FORMAT: "none",
  NOFORMAT: "none",
  MEDIANAME: "required",
  MEDIADESCRIPTION: "required",
  MEDIAPASSWORD: "required",
  PASSWORD: "required",
  BLOCKSIZE: "required",
  BUFFERCOUNT: "required",
  MAXTRANSFERSIZE: "required",
  CHECKSUM: "none",
  NO_CHECKSUM: "none",
  STOP_ON_ERROR: "none",
  CONTINUE_AFTER_ERROR: "none",
  RESTART: "none",
  STATS: "optional",
  REWIND: "none",
  NOREWIND: "none",
  UNLOAD: "none",
  NOUNLOAD: "none",
};

const OPTIONS: Readonly<Record<BackupStatement["type"], Readonly<Partial<Record<string, ValueRule>>>>> = {
  DATABASE: { ...BOTH, DIFFERENTIAL: "none" },
  LOG: { ...BOTH, NORECOVERY: "none", STANDBY: "required", NO_TRUNCATE: "none" },
};

/** Behind BACKUP. */
export function parseBackup(cursor: Cursor, line: number): BackupStatement {
  const type = cursor.expectOneOf(["DATABASE", "LOG"] as const);
  const database = parseNameOrVariable(cursor);
  cursor.expect("TO");
  const devices = cursor.list(() => parseDevice(cursor));
  const options = cursor.accept("WITH") ? cursor.list(() => parseOption(cursor, type)) : [];
  return { kind: "backup", line, type, database, devices, options };
}

function parseOption(cursor: Cursor, type: BackupStatement["type"]): BackupStatement["options"][number] {
  const { token } = cursor;
  const rule = OPTIONS[type][token.word];
  if (rule === undefined) {
    if (token.type !== "word") throw cursor.unexpected();
    throw unknownOption(token.text, "BACKUP", token.line);
  }
  cursor.next();
  return { name: token.word as BackupOptionName, ...parseOptionValue(cursor, rule) };
}

/** `= constant` or `= @variable` as the rule demands. */
export function parseOptionValue(cursor: Cursor, rule: ValueRule): { readonly value?: Expression } {
  if (rule === "none" || (rule === "optional" && !cursor.is("="))) return {};
  cursor.expect("=");
  return { value: parseConstantOrVariable(cursor) };
}

/** DISK = path, TAPE = path, or the name of a logical device. */
export function parseDevice(cursor: Cursor): BackupDevice {
  for (const type of ["DISK", "TAPE"] as const) {
    if (cursor.accept(type, "=")) return { type, path: parseStringOrVariable(cursor) };
  }
  return { type: "LOGICAL", path: parseNameOrVariable(cursor) };
}
