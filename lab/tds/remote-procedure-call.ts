import type { ReturnValue } from "../tsql/results";
import type { Argument } from "./backend";
import { afterAllHeaders } from "./batch";
import type { ByteReader } from "./byte-reader";
import { readTypedValue } from "./parameter-reader";
import { ProtocolError } from "./protocol-error";

/** One call of an RPC message. */
export interface RemoteProcedureCall {
  /** As sent, or the name of a special procedure's number. */
  readonly procedure: string;
  readonly arguments: readonly Argument[];
}

/** Procedures that have a number (MS-TDS 2.2.6.6). */
const specialProcedures: ReadonlyMap<number, string> = new Map([
  [1, "sp_cursor"],
  [2, "sp_cursoropen"],
  [3, "sp_cursorprepare"],
  [4, "sp_cursorexecute"],
  [5, "sp_cursorprepexec"],
  [6, "sp_cursorunprepare"],
  [7, "sp_cursorfetch"],
  [8, "sp_cursoroption"],
  [9, "sp_cursorclose"],
  [10, "sp_executesql"],
  [11, "sp_prepare"],
  [12, "sp_execute"],
  [13, "sp_prepexec"],
  [14, "sp_prepexecrpc"],
  [15, "sp_unprepare"],
]);

const NUMBERED = 0xffff;
const ParameterStatus = { byReference: 0x01, defaultValue: 0x02 } as const;
/** What stands between two calls: 0xFF since TDS 7.2, 0x80 before it, 0xFE for "do not execute". */
const separators: ReadonlySet<number> = new Set([0x80, 0xfe, 0xff]);

/**
 * Reads the calls of an RPC message (MS-TDS 2.2.6.6). An argument that asks for its default is left out, as if it had
 * not been given.
 * @throws ProtocolError 2812, 8009, 8016 or 4002
 */
export function parseRemoteProcedureCalls(payload: Buffer): RemoteProcedureCall[] {
  const reader = afterAllHeaders(payload);
  const calls: RemoteProcedureCall[] = [];
  while (reader.remaining > 0) {
    calls.push(readCall(reader));
    // A separator may also end the message.
    if (reader.remaining > 0) reader.uint8();
  }
  if (calls.length === 0) throw new ProtocolError();
  return calls;
}

function readCall(reader: ByteReader): RemoteProcedureCall {
  const procedure = readProcedureName(reader);
  reader.uint16(); // option flags: recompile, no metadata; the answer is right without them
  const args: Argument[] = [];
  let position = 0;
  let leftOut = false;
  for (let next = reader.peek(); next !== undefined && !separators.has(next); next = reader.peek()) {
    position++;
    const name = reader.shortText();
    const status = reader.uint8();
    const label = `${position} ("${name}")`;
    const { type, value } = readTypedValue(reader, label);
    if ((status & ParameterStatus.defaultValue) !== 0) {
      leftOut = true;
      continue;
    }
    if (leftOut && name === "") {
      throw new ProtocolError(`Parameter ${label} is sent by position behind one that asks for its default.`);
    }
    args.push({ name, type, value, output: (status & ParameterStatus.byReference) !== 0 });
  }
  return { procedure, arguments: args };
}

function readProcedureName(reader: ByteReader): string {
  const length = reader.uint16();
  if (length !== NUMBERED) return reader.text(length);
  const number = reader.uint16();
  const name = specialProcedures.get(number);
  if (name === undefined) throw new ProtocolError(`Could not find stored procedure '${number}'.`, 2812);
  return name;
}

/**
 * Where each output parameter stood in its call: by its name, or, where the caller named none, the next output argument
 * without a name.
 */
export function outputOrdinals(
  args: readonly Argument[],
  outputs: readonly ReturnValue[],
): { readonly ordinal: number; readonly output: ReturnValue }[] {
  const taken = new Set<number>();
  return outputs.map((output) => {
    const ordinal = args.findIndex(
      (argument, index) =>
        argument.output && !taken.has(index) && argument.name.toLowerCase() === output.name.toLowerCase(),
    );
    if (ordinal < 0)
      throw new Error(`The engine answered an output parameter "${output.name}" that was not asked for.`);
    taken.add(ordinal);
    return { ordinal, output };
  });
}
