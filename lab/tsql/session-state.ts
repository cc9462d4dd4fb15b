/** What a session keeps between its batches: SET options, @@ variables, temporary tables, prepared statements. */
import type { DateFormat } from "./calendar-text";
import { fromEpoch } from "./calendar";
import type { CaughtError } from "./function-binding";
import type { Host } from "./host";
import type { MemoryTable } from "./memory-table";
import { Transactions } from "./transaction-state";
import type { CalendarTime } from "./values";

/** SET options that the language itself obeys. */
export interface Settings {
  noCount: boolean;
  xactAbort: boolean;
  implicitTransactions: boolean;
  ansiWarnings: boolean;
  arithAbort: boolean;
  quotedIdentifier: boolean;
  noExec: boolean;
  parseOnly: boolean;
  dateFirst: number;
  dateFormat: DateFormat;
  /** SET ROWCOUNT; 0 = all. */
  rowCount: number;
  /** Switches that change nothing in the lab, by name: SHOWPLAN and STATISTICS are not among them. */
  readonly others: Map<string, boolean>;
}

/** Settings of a new connection: the ANSI options are on, as ODBC, OLE DB and the drivers of today ask. */
export function defaultSettings(): Settings {
  return {
    noCount: false,
    xactAbort: false,
    implicitTransactions: false,
    ansiWarnings: true,
    arithAbort: true,
    quotedIdentifier: true,
    noExec: false,
    parseOnly: false,
    dateFirst: 7,
    dateFormat: "mdy",
    rowCount: 0,
    others: new Map(),
  };
}

/** sp_prepare: a batch with its parameters, under a handle. */
export interface PreparedStatement {
  readonly parameters: string;
  readonly text: string;
}

export class SessionState {
  settings: Settings = defaultSettings();
  error = 0;
  rowCount = 0;
  identity: bigint | undefined;
  scopeIdentity: bigint | undefined;
  contextInfo: Uint8Array | null = null;
  lockTimeout = -1;
  textSize = 2147483647;
  /** Depth of EXEC: 32 at most (217). */
  nesting = 0;
  readonly temporaryTables = new Map<string, MemoryTable>();
  readonly prepared = new Map<number, PreparedStatement>();
  nextHandle = 1;
  /** Errors that CATCH blocks handle, innermost last. */
  readonly caught: CaughtError[] = [];
  readonly transactions: Transactions;
  /** Clock at the start of the statement: GETDATE() is the same all through it. */
  statementTime: CalendarTime = fromEpoch(Date.now());
  nullEliminated = false;
  #seed = Math.floor(Math.random() * 2147483647);
  #lastBreath = performance.now();
  #ticks = 0;

  constructor(readonly host: Host) {
    this.transactions = new Transactions(host);
  }

  startStatement(): void {
    this.statementTime = fromEpoch(this.host.now?.() ?? Date.now());
    this.nullEliminated = false;
  }

  /** RAND: a linear congruential generator, so that a seed gives the same numbers again (the real one is not documented). */
  random(seed: number | undefined): number {
    if (seed !== undefined) this.#seed = Math.abs(seed) % 2147483647;
    this.#seed = Number((BigInt(this.#seed + 1) * 48271n) % 2147483647n);
    return this.#seed / 2147483647;
  }

  /** True about every 10 ms of work: the event loop should have its turn. */
  due(): boolean {
    this.#ticks += 1;
    return (this.#ticks & 63) === 0 && performance.now() - this.#lastBreath > 10;
  }

  async breathe(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#lastBreath = performance.now();
  }

  /** Back to what a new connection has (sp_reset_connection). The caller has rolled back. */
  reset(): void {
    this.settings = defaultSettings();
    this.error = 0;
    this.rowCount = 0;
    this.identity = undefined;
    this.scopeIdentity = undefined;
    this.contextInfo = null;
    this.lockTimeout = -1;
    this.temporaryTables.clear();
    this.prepared.clear();
    this.caught.length = 0;
    this.nesting = 0;
  }
}
