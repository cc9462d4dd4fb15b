import { randomUUID } from "node:crypto";

/** A new uniqueidentifier, upper case as SQL Server shows it. */
export function newGuid(): string {
  return randomUUID().toUpperCase();
}
