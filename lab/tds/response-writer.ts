import type { Done, EnvironmentChange, Message, ResultSink, ReturnValue } from "../tsql/results";
import type { Column, Row } from "../tsql/values";
import { TdsVersion } from "./login7";
import { MessageWriter, PacketType } from "./packets";
import { COLLATION } from "./type-tokens";
import { valueWriter } from "./value-writer";
import type { ValueWriter } from "./value-writer";

/** Types of tokens (MS-TDS 2.2.4). */
const Token = {
  returnStatus: 0x79,
  columnMetadata: 0x81,
  error: 0xaa,
  information: 0xab,
  returnValue: 0xac,
  loginAcknowledgement: 0xad,
  row: 0xd1,
  nullBitmapCompressedRow: 0xd2,
  environmentChange: 0xe3,
  done: 0xfd,
  doneProcedure: 0xfe,
  doneInProcedure: 0xff,
} as const;

/** Bits of DONE's status (MS-TDS 2.2.7.6). */
const DoneStatus = { final: 0, more: 0x01, error: 0x02, count: 0x10, attention: 0x20 } as const;

/** Types of ENVCHANGE (MS-TDS 2.2.7.9). */
const Change = {
  database: 1,
  language: 2,
  packetSize: 4,
  collation: 7,
  beginTransaction: 8,
  commitTransaction: 9,
  rollbackTransaction: 10,
  reset: 18,
} as const;

/** CurCmd of the DONEPROC of a procedure call. */
const PROCEDURE_COMMAND = 0xe0;
/** Messages above it are errors. */
const MAXIMUM_INFORMATION_CLASS = 10;
/** From here on SQL Server ends the connection. */
const FATAL_CLASS = 20;
/** Bytes that may wait in the writer before they are handed to the socket. */
const HIGH_WATER_MARK = 32_768;
/** A token has two bytes of length: longer texts are cut. */
const MAXIMUM_MESSAGE_CHARACTERS = 30_000;

/** Hands bytes to the socket; a promise when it is full, which resolves when more may come or the socket is gone. */
export type Send = (bytes: Buffer) => void | Promise<void>;

/** What is the same in every response of a connection. */
export interface ResponseContext {
  readonly send: Send;
  readonly serverName: string;
  readonly sessionId: number;
  readonly packetSize: number;
  readonly tdsVersion: number;
}

/**
 * Turns what a session says into the tokens of one response message. A statement's DONE is held back until it is known
 * whether something follows it: only the last one lacks DONE_MORE.
 */
export class ResponseWriter implements ResultSink {
  readonly #context: ResponseContext;
  readonly #message: MessageWriter;
  #columns: readonly ValueWriter[] | undefined;
  #held: Done | undefined;
  #insideProcedure = false;
  #errorSinceDone = false;
  /** What was written ends with a DONEPROC that says that nothing follows. */
  #complete = false;
  #fatal = false;
  #state: "open" | "discarding" | "ended" = "open";
  #flushScheduled = false;
  /** What was sent last while no row was: pending until the client has taken it. */
  #behind: Promise<void> | undefined;

  constructor(context: ResponseContext) {
    this.#context = context;
    this.#message = new MessageWriter(PacketType.tabularResult, context.packetSize, context.sessionId);
  }

  /** A message of class 20 or above was written: the connection is to be closed after this response. */
  get fatal(): boolean {
    return this.#fatal;
  }

  /** What comes after an attention is thrown away until the response is ended. */
  discard(): void {
    if (this.#state === "open") this.#state = "discarding";
  }

  columns(columns: readonly Column[]): void {
    if (!this.#begin()) return;
    const out = this.#message.out;
    const writers = columns.map(({ type, nullable }) => valueWriter(type, this.#context.tdsVersion, nullable));
    out.uint8(Token.columnMetadata);
    out.uint16(columns.length);
    columns.forEach((column, index) => {
      const writer = writers[index];
      if (writer === undefined) return;
      out.uint32(writer.userType);
      // fNullable, usUpdateable "unknown", fIdentity.
      out.uint16((column.nullable ? 0x01 : 0) | 0x08 | (column.identity === true ? 0x10 : 0));
      writer.typeInfo(out);
      out.shortText(column.name.slice(0, 128));
    });
    this.#columns = writers;
  }

  row(values: Row): void | Promise<void> {
    if (!this.#begin()) return;
    const writers = this.#columns;
    if (writers === undefined || writers.length !== values.length) {
      throw new TypeError(`A row of ${values.length} values for ${writers?.length ?? "no"} columns.`);
    }
    const out = this.#message.out;
    const compressed = this.#context.tdsVersion >= TdsVersion.v7_3B && values.includes(null);
    out.uint8(compressed ? Token.nullBitmapCompressedRow : Token.row);
    if (compressed) {
      for (let first = 0; first < values.length; first += 8) {
        let bits = 0;
        for (let bit = 0; bit < 8; bit++) if (values[first + bit] === null) bits |= 1 << bit;
        out.uint8(bits);
      }
    }
    for (let index = 0; index < writers.length; index++) {
      const value = values[index];
      const writer = writers[index];
      if (writer === undefined || value === undefined) throw new TypeError(`Value ${index} of a row is undefined.`);
      if (value !== null) writer.value(out, value);
      else if (!compressed) writer.nullValue(out);
    }
    if (out.length >= HIGH_WATER_MARK) return this.#flushFull();
  }

  message(message: Message): void {
    if (!this.#begin()) return;
    const isError = message.class > MAXIMUM_INFORMATION_CLASS;
    this.#errorSinceDone ||= isError;
    this.#fatal ||= message.class >= FATAL_CLASS;
    const out = this.#message.out;
    out.uint8(isError ? Token.error : Token.information);
    this.#measured(() => {
      out.int32(message.number);
      out.uint8(message.state);
      // RAISERROR with 10 leaves as 0: pymssql takes classes 6 to 10 for errors.
      out.uint8(message.class === MAXIMUM_INFORMATION_CLASS ? 0 : message.class);
      out.longText(message.text.slice(0, MAXIMUM_MESSAGE_CHARACTERS));
      out.shortText(this.#context.serverName.slice(0, 128));
      out.shortText(message.procedure.slice(0, 128));
      out.uint32(Math.max(0, message.line));
    });
    this.#scheduleFlush();
  }

  done(done: Done): void {
    if (!this.#begin()) return;
    this.#columns = undefined;
    const settled: Done = { ...done, error: done.error || this.#errorSinceDone };
    this.#errorSinceDone = false;
    if (!this.#insideProcedure) this.#held = settled;
    // RETURNSTATUS and DONEPROC always follow.
    else this.#writeDone(Token.doneInProcedure, settled, DoneStatus.more);
  }

  environment(change: EnvironmentChange): void {
    if (!this.#begin()) return;
    switch (change.kind) {
      case "database":
      case "language":
        this.#textChange(Change[change.kind], change.to, change.from);
        return;
      case "beginTransaction":
        this.#bytesChange(Change.beginTransaction, descriptorBytes(change.descriptor), undefined);
        return;
      case "commitTransaction":
      case "rollbackTransaction":
        this.#bytesChange(Change[change.kind], undefined, descriptorBytes(change.descriptor));
    }
  }

  /** ENVCHANGE 18: the session was reset before this request. */
  resetAcknowledged(): void {
    this.#begin();
    this.#bytesChange(Change.reset, undefined, undefined);
  }

  /** ENVCHANGE 7: the collation of the server. */
  collation(): void {
    this.#begin();
    this.#bytesChange(Change.collation, COLLATION, undefined);
  }

  /** ENVCHANGE 4: the size of packets from the next message on. */
  packetSize(size: number, before: number): void {
    this.#begin();
    this.#textChange(Change.packetSize, String(size), String(before));
  }

  /** LOGINACK (MS-TDS 2.2.7.14). */
  loginAcknowledgement(version: { readonly major: number; readonly minor: number; readonly build: number }): void {
    this.#begin();
    const out = this.#message.out;
    out.uint8(Token.loginAcknowledgement);
    this.#measured(() => {
      out.uint8(1); // interface: Transact-SQL
      // The one number in these tokens that is big-endian.
      out.uint32BigEndian(this.#context.tdsVersion);
      out.shortText("Microsoft SQL Server");
      out.uint8(version.major);
      out.uint8(version.minor);
      out.uint16BigEndian(version.build);
    });
  }

  /** What comes next up to `endProcedure` are statements of a procedure. */
  beginProcedure(): void {
    if (!this.#begin()) return;
    this.#insideProcedure = true;
  }

  /**
   * RETURNSTATUS, the output parameters and DONEPROC.
   * @param outputs with the position of their argument in the call
   * @param more another call of the same message follows
   */
  endProcedure(
    returnStatus: number,
    outputs: readonly { readonly ordinal: number; readonly output: ReturnValue }[],
    more: boolean,
  ): void {
    this.#insideProcedure = false;
    if (!this.#begin()) return;
    const out = this.#message.out;
    out.uint8(Token.returnStatus);
    out.int32(returnStatus);
    for (const { ordinal, output } of outputs) {
      const writer = valueWriter(output.type, this.#context.tdsVersion);
      out.uint8(Token.returnValue);
      out.uint16(ordinal);
      out.shortText(output.name.slice(0, 128));
      out.uint8(0x01); // the output parameter of a call, not the value of a function
      out.uint32(writer.userType);
      out.uint16(0x01); // fNullable
      writer.typeInfo(out);
      if (output.value === null) writer.nullValue(out);
      else writer.value(out, output.value);
    }
    const done: Done = { command: PROCEDURE_COMMAND, error: this.#errorSinceDone };
    this.#errorSinceDone = false;
    this.#writeDone(Token.doneProcedure, done, more ? DoneStatus.more : DoneStatus.final);
    this.#complete = !more;
  }

  /** Ends the message. A response that has no DONE of its own at its end gets one. */
  end(): void | Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#writeDone(Token.done, held, DoneStatus.final);
    else if (!this.#complete) {
      this.#writeDone(Token.done, { command: 0, error: this.#errorSinceDone }, DoneStatus.final);
    }
    return this.#sendEnd();
  }

  /** Ends a message that an attention or an ignored request cut off: DONE with its error bit alone. */
  endCutOff(): void | Promise<void> {
    if (this.#held !== undefined) this.#releaseHeld();
    this.#writeDone(Token.done, { command: 0, error: true }, DoneStatus.final);
    return this.#sendEnd();
  }

  /** A message that says nothing but that the attention was seen. */
  endAttention(): void | Promise<void> {
    this.#writeDone(Token.done, { command: 0, error: false }, DoneStatus.attention);
    return this.#sendEnd();
  }

  /** Answers whether a token may be written, and releases the DONE that waits for it. */
  #begin(): boolean {
    if (this.#state === "discarding") return false;
    if (this.#state === "ended") throw new Error("The response has ended; nothing can be written to it.");
    if (this.#held !== undefined) this.#releaseHeld();
    this.#complete = false;
    return true;
  }

  #releaseHeld(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#writeDone(Token.done, held, DoneStatus.more);
  }

  #writeDone(token: number, done: Done, status: number): void {
    const out = this.#message.out;
    const counted = done.rowCount !== undefined;
    out.uint8(token);
    out.uint16(status | (done.error ? DoneStatus.error : 0) | (counted ? DoneStatus.count : 0));
    out.uint16(done.command);
    out.uint64(BigInt(done.rowCount ?? 0));
  }

  /** Writes a token's body and its length before it. */
  #measured(body: () => void): void {
    const out = this.#message.out;
    const at = out.length;
    out.uint16(0);
    body();
    out.patchUint16(at, out.length - at - 2);
  }

  #textChange(type: number, to: string, from: string): void {
    const out = this.#message.out;
    out.uint8(Token.environmentChange);
    this.#measured(() => {
      out.uint8(type);
      out.shortText(to);
      out.shortText(from);
    });
  }

  #bytesChange(type: number, to: Buffer | undefined, from: Buffer | undefined): void {
    const out = this.#message.out;
    out.uint8(Token.environmentChange);
    this.#measured(() => {
      out.uint8(type);
      for (const bytes of [to, from]) {
        out.uint8(bytes?.length ?? 0);
        if (bytes !== undefined) out.bytes(bytes);
      }
    });
  }

  /** Messages and counts wait here or in the socket until the client takes them; whoever makes them waits with them. */
  ready(): void | Promise<void> {
    if (this.#state !== "open") return;
    if (this.#message.out.length >= HIGH_WATER_MARK) return this.#flushFull();
    return this.#behind;
  }

  async #flushFull(): Promise<void> {
    const packets = this.#message.flush(false);
    await this.#context.send(packets);
    // A reader that keeps up never lets the socket fill: without this turn of the loop no attention would be read.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Messages of a statement that goes on (BACKUP's progress) leave before its end, as a short packet. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      if (this.#state !== "open" || this.#message.out.length === 0) return;
      const sent = this.#context.send(this.#message.flush(true));
      if (sent === undefined) return;
      this.#behind = sent;
      void sent.then(() => {
        if (this.#behind === sent) this.#behind = undefined;
      });
    });
  }

  #sendEnd(): void | Promise<void> {
    this.#state = "ended";
    return this.#context.send(this.#message.end());
  }
}

function descriptorBytes(descriptor: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(descriptor);
  return bytes;
}
