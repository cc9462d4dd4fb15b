/** Small conversions that the system views share. */
import type { Decimal as DecimalValue, SqlValue } from "../../tsql/values";
import { Decimal } from "../../tsql/values";

/** Bytes of hexadecimal text without 0x. */
export function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** Hexadecimal text of bytes, upper case, without 0x. */
export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").toUpperCase();
}

/** A value of char(n) or nchar(n). */
export function padded(text: string, length: number): string {
  return text.slice(0, length).padEnd(length, " ");
}

/** A value of binary(n). */
export function paddedBytes(bytes: Uint8Array, length: number): Uint8Array {
  const fixed = new Uint8Array(length);
  fixed.set(bytes.subarray(0, length));
  return fixed;
}

/** A log sequence number, or any whole number, as numeric(p,0); null stays null. */
export function whole(value: bigint | string | number | null | undefined): DecimalValue | null {
  return value === null || value === undefined ? null : new Decimal(BigInt(value), 0);
}

export function bit(value: boolean): number {
  return value ? 1 : 0;
}

/** A guid or NULL for "" and absent ones. */
export function guid(value: string | null | undefined): SqlValue {
  return value === null || value === undefined || value === "" ? null : value.toUpperCase();
}
