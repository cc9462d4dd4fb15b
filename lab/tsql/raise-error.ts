/** RAISERROR, THROW and WAITFOR: what their operands mean. Sources: their pages in sql-docs. */
import type { RaiseErrorStatement, ThrowStatement, WaitForStatement } from "./ast";
import { parseCalendar } from "./calendar-text";
import { TICKS_PER_DAY } from "./calendar";
import { Cancelled } from "./control-flow";
import { SqlError } from "./errors";
import type { ExecutionScope } from "./execution-scope";
import { runErrors } from "./language-errors";
import { formatMessage } from "./message-format";
import { INT, NVARCHAR_MAX, isCharacter } from "./types";
import { CalendarTime } from "./values";

/** The error that RAISERROR makes; severity 10 and below is a message only. @throws SqlError 2732, 2754, 18054 */
export function raisedError(statement: RaiseErrorStatement, scope: ExecutionScope): SqlError {
  const message = scope.bind(statement.message);
  const severity = (scope.evaluateAs(statement.severity, INT) as number | null) ?? 0;
  const state = (scope.evaluateAs(statement.state, INT) as number | null) ?? 1;
  const args = statement.args.map((argument) => scope.evaluate(argument));
  const logged = statement.options.includes("LOG");
  if (severity > 18 && !logged) throw runErrors.raiseSeverity();
  const clamped = Math.min(25, Math.max(0, severity));
  const stateByte = state < 0 ? 1 : Math.min(255, state);
  if (!isCharacter(message.type) && !message.isNull) {
    const number = scope.evaluateAs(statement.message, INT) as number;
    if (number < 13000 || number === 50000) throw runErrors.raiseNumber(number);
    throw runErrors.raiseUnknown(number);
  }
  const text = (scope.evaluateAs(statement.message, NVARCHAR_MAX) as string | null) ?? "";
  return new SqlError(50000, clamped, formatMessage(text, args), { state: stateByte, endsBatch: clamped >= 20 });
}

/** The error that THROW makes: severity 16, and it ends the batch. @throws SqlError 35100 */
export function thrownError(values: NonNullable<ThrowStatement["values"]>, scope: ExecutionScope): SqlError {
  const number = scope.evaluateAs(values.number, INT) as number;
  if (number < 50000)
    throw new SqlError(
      35100,
      16,
      `Error number ${String(number)} in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647.`,
    );
  const text = (scope.evaluateAs(values.message, NVARCHAR_MAX) as string | null) ?? "";
  return new SqlError(number, 16, text, {
    state: (scope.evaluateAs(values.state, INT) as number | null) ?? 1,
    endsBatch: true,
  });
}

/** Waits as WAITFOR says; an attention ends it. @throws SqlError 148, 149 */
export async function waitFor(statement: WaitForStatement, scope: ExecutionScope): Promise<void> {
  const bound = scope.bind(statement.value);
  const value = scope.evaluate(statement.value);
  if (value === null) return;
  let ticks: number;
  if (value instanceof CalendarTime) ticks = value.ticks;
  else if (typeof value === "string") {
    const parsed = /^\s*\d{1,2}:\d{1,2}(:\d{1,2}([.:]\d{1,7})?)?\s*(AM|PM)?\s*$/i.test(value)
      ? parseCalendar(value, "mdy")
      : "malformed";
    if (parsed === "malformed" || parsed === "outOfRange") throw runErrors.waitForTime(value);
    ({ ticks } = parsed.value);
  } else throw runErrors.waitForType(bound.type);
  const now = scope.state.statementTime.ticks;
  const wait = statement.type === "DELAY" ? ticks : (ticks - now + TICKS_PER_DAY) % TICKS_PER_DAY;
  await sleep(wait / 10_000, scope.options.signal);
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new Cancelled());
      return;
    }
    const finish = (): void => {
      signal.removeEventListener("abort", cancel);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    const cancel = (): void => {
      clearTimeout(timer);
      reject(new Cancelled());
    };
    signal.addEventListener("abort", cancel, { once: true });
  });
}
