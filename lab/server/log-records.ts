/** Log records: what each says, and how its image is kept. */
import { deserialize, serialize } from "node:v8";
import type { SQLInputValue } from "node:sqlite";

/** Operations as fn_dblog names them where SQL Server has one; DEFINITION stands for its changes of system tables. */
export type LogOperation =
  | "LOP_BEGIN_XACT"
  | "LOP_COMMIT_XACT"
  | "LOP_INSERT_ROWS"
  | "LOP_MODIFY_ROW"
  | "LOP_DELETE_ROWS"
  | "LOP_BULK_EXT_ALLOCATION"
  | "LOP_IDENTITY"
  | "LOP_DEFINITION"
  | "LOP_BEGIN_CKPT";

/** One record. */
export interface LogRecord {
  readonly lsn: bigint;
  readonly transaction: number;
  readonly operation: LogOperation;
  /** object_id of the table, 0 where there is none. */
  readonly table: number;
  /** Row locator, 0 where there is none; for LOP_BULK_EXT_ALLOCATION the first one. */
  readonly row: number;
  /** Image after the change, made by `imageOf`; null where there is none. */
  readonly image: Uint8Array | null;
}

/** Image of LOP_DEFINITION; value null = removed. */
export interface DefinitionImage {
  readonly kind: string;
  readonly name: string;
  readonly value: string | null;
}

/** Image of LOP_BULK_EXT_ALLOCATION: the last locator of the range, and in a backup or on the way to a mirror its rows. */
export interface BulkImage {
  readonly last: number;
  readonly rows?: readonly { readonly row: number; readonly values: readonly SQLInputValue[] }[];
}

/** Image of LOP_COMMIT_XACT. */
export interface CommitImage {
  /** Milliseconds since 1970 of the server's local clock. */
  readonly time: number;
  /** Name of the mark (BEGIN TRAN … WITH MARK). */
  readonly mark?: string;
}

/** Bytes that every record takes besides its image. */
export const RECORD_OVERHEAD = 64;

/** Bytes that a record takes in the log. */
export function sizeOf(record: Pick<LogRecord, "image">): number {
  return RECORD_OVERHEAD + (record.image?.length ?? 0);
}

/** What an image is made of. */
export type ImageContent = readonly SQLInputValue[] | DefinitionImage | BulkImage | CommitImage | bigint;

/** Makes an image: values as the store binds them (integers, bigints, text, bytes) survive without loss. */
export function imageOf(content: ImageContent): Uint8Array {
  return serialize(content);
}

/** Reads an image back; `T` is known from the operation. */
export function readImage<T>(image: Uint8Array): T {
  return deserialize(image) as T;
}
