/** BEGIN TRAN, COMMIT, ROLLBACK, SAVE TRAN. Source: "Transaction statements (Transact-SQL)". */
import type { TransactionStatement } from "../ast";
import type { Cursor } from "./cursor";

type Name = TransactionStatement["name"];

function parseName(cursor: Cursor): { readonly name?: NonNullable<Name> } {
  if (cursor.token.type === "variable") return { name: { kind: "variable", name: cursor.variable() } };
  return cursor.isIdentifier() ? { name: cursor.identifier() } : {};
}

/** Behind BEGIN. */
export function parseBeginTransaction(cursor: Cursor, line: number): TransactionStatement {
  cursor.expectOneOf(["TRAN", "TRANSACTION"]);
  const name = parseName(cursor);
  const statement: TransactionStatement = { kind: "beginTransaction", line, ...name };
  if (name.name === undefined || !cursor.accept("WITH")) return statement;
  cursor.expect("MARK");
  return { ...statement, mark: cursor.isString() ? cursor.string() : "" };
}

/** Behind COMMIT or ROLLBACK: a name only where TRAN stands; WORK has none. */
export function parseEndOfTransaction(
  cursor: Cursor,
  line: number,
  kind: "commitTransaction" | "rollbackTransaction",
): TransactionStatement {
  if (cursor.acceptOneOf(["TRAN", "TRANSACTION"]) !== undefined) return { kind, line, ...parseName(cursor) };
  cursor.accept("WORK");
  return { kind, line };
}

/** Behind SAVE. */
export function parseSaveTransaction(cursor: Cursor, line: number): TransactionStatement {
  cursor.expectOneOf(["TRAN", "TRANSACTION"]);
  const name = parseName(cursor);
  if (name.name === undefined) throw cursor.unexpected();
  return { kind: "saveTransaction", line, ...name };
}
