/** T-SQL literals for the scenarios' scripts. */
import { createHash } from "node:crypto";

/** N'…', quotes doubled. */
export function text(value: string): string {
  return `N'${value.replaceAll("'", "''")}'`;
}

/** A GUID that follows from a text: the same one in every lab. */
export function guidOf(seed: string): string {
  const hex = createHash("sha256").update(seed).digest("hex").toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

/** Ticks of .NET (100 ns since 0001-01-01) of a moment: the form of chatDate (fnTicksToDate of mgc takes them apart). */
export function ticksOf(milliseconds: number): bigint {
  const ticksAt1970 = 621_355_968_000_000_000n;
  return ticksAt1970 + BigInt(Math.trunc(milliseconds)) * 10_000n;
}
