/** RESTORE in all its forms. Source: "RESTORE statements (Transact-SQL)" and their "Arguments" page. */
import type { RestoreOptionName, RestoreStatement, RestoreType } from "../ast";
import { unknownOption } from "../parser-errors";
import { parseDevice, parseOptionValue, type ValueRule } from "./backup";
import { parseNameOrVariable, parseStringOrVariable } from "./constants";
import type { Cursor } from "./cursor";

type Rules = Readonly<Partial<Record<string, ValueRule>>>;
type Option = RestoreStatement["options"][number];
type Move = RestoreStatement["moves"][number];

/** What every form knows. */
const MEDIA: Readonly<Partial<Record<RestoreOptionName, ValueRule>>> = {
  MEDIANAME: "required",
  MEDIAPASSWORD: "required",
  CHECKSUM: "none",
  NO_CHECKSUM: "none",
  STOP_ON_ERROR: "none",
  CONTINUE_AFTER_ERROR: "none",
  REWIND: "none",
  NOREWIND: "none",
  UNLOAD: "none",
  NOUNLOAD: "none",
};
const BACKUP_SET: Rules = { ...MEDIA, FILE: "required", PASSWORD: "required" };
const TRANSFER: Rules = {
  STATS: "optional",
  BLOCKSIZE: "required",
  BUFFERCOUNT: "required",
  MAXTRANSFERSIZE: "required",
};
const LOG: Rules = {
  ...BACKUP_SET,
  ...TRANSFER,
  REPLACE: "none",
  RECOVERY: "none",
  NORECOVERY: "none",
  STANDBY: "required",
  RESTRICTED_USER: "none",
  RESTART: "none",
  STOPAT: "required",
  STOPATMARK: "required",
  STOPBEFOREMARK: "required",
  KEEP_REPLICATION: "none",
  KEEP_CDC: "none",
  ENABLE_BROKER: "none",
  ERROR_BROKER_CONVERSATIONS: "none",
  NEW_BROKER: "none",
};

const OPTIONS: Readonly<Record<RestoreType, Rules>> = {
  DATABASE: { ...LOG, PARTIAL: "none" },
  LOG,
  HEADERONLY: BACKUP_SET,
  FILELISTONLY: BACKUP_SET,
  LABELONLY: MEDIA,
  VERIFYONLY: { ...BACKUP_SET, ...TRANSFER, LOADHISTORY: "none" },
};
const WITH_MOVE: readonly RestoreType[] = ["DATABASE", "LOG", "VERIFYONLY"];
const WITH_AFTER: readonly string[] = ["STOPATMARK", "STOPBEFOREMARK"];

/** Behind RESTORE. Only DATABASE and LOG may do without FROM. */
export function parseRestore(cursor: Cursor, line: number): RestoreStatement {
  const type = cursor.expectOneOf<RestoreType>([
    "DATABASE",
    "LOG",
    "HEADERONLY",
    "FILELISTONLY",
    "LABELONLY",
    "VERIFYONLY",
  ]);
  const named = type === "DATABASE" || type === "LOG";
  const database = named ? { database: parseNameOrVariable(cursor) } : {};
  if (!named && !cursor.is("FROM")) throw cursor.unexpected();
  const devices = cursor.accept("FROM") ? cursor.list(() => parseDevice(cursor)) : [];
  const moves: Move[] = [];
  const options: Option[] = [];
  if (cursor.accept("WITH")) {
    cursor.list(() => {
      if (WITH_MOVE.includes(type) && cursor.accept("MOVE")) moves.push(parseMove(cursor));
      else options.push(parseOption(cursor, type));
    });
  }
  return { kind: "restore", line, type, ...database, devices, moves, options };
}

function parseMove(cursor: Cursor): Move {
  const logical = parseStringOrVariable(cursor);
  cursor.expect("TO");
  return { logical, physical: parseStringOrVariable(cursor) };
}

function parseOption(cursor: Cursor, type: RestoreType): Option {
  const { token } = cursor;
  const rule = OPTIONS[type][token.word];
  if (rule === undefined) {
    if (token.type !== "word") throw cursor.unexpected();
    throw unknownOption(token.text, "RESTORE", token.line);
  }
  cursor.next();
  const option = { name: token.word as RestoreOptionName, ...parseOptionValue(cursor, rule) };
  if (!WITH_AFTER.includes(token.word) || !cursor.accept("AFTER")) return option;
  return { ...option, after: parseStringOrVariable(cursor) };
}
