/** What must be true of the instances as far as they have answered: kept beside the process that is killed. */

/** Rows of the table: text by id. */
export type Rows = ReadonlyMap<number, string>;

/** A backup set that was asked for: whether it is whole, the media say. */
export interface AskedSet {
  readonly kind: "full" | "differential" | "log";
  readonly device: string;
  /** Rows that it brings. */
  readonly rows: Rows;
  /** The instance said that it was taken. */
  told: boolean;
}

/** The copy on SQL-B1. */
export type CopyState =
  | { readonly kind: "absent" }
  /** A restore was cut off: only a full one helps. */
  | { readonly kind: "half" }
  /** RESTORING; `set` is the last one that was surely applied. */
  | { readonly kind: "restoring"; readonly set: AskedSet; readonly isSure: boolean }
  | { readonly kind: "online"; readonly rows: Rows };

export class Expected {
  rows: Rows = new Map();
  /** What the rows are if the change in hand was committed. */
  pendingRows: Rows | undefined;
  /** Highest end of the log that was told. */
  endOfLog = 0n;
  /** In the order in which they were asked for. */
  sets: AskedSet[] = [];
  /** How the copy may be found; one when nothing was in hand. */
  copy: readonly CopyState[] = [{ kind: "absent" }];
  /** Jobs, logins and databases: what the instance told last; "either" while it has not told yet. */
  readonly things = new Map<string, "there" | "gone" | "either">();
  /** Log shipping was told registered, and these rows of it were told committed. */
  ships = false;
  readonly news: string[] = [];

  /** A change of rows begins; `done` when it was told committed. */
  begin(change: (rows: Map<number, string>) => void): void {
    const next = new Map(this.rows);
    change(next);
    this.pendingRows = next;
  }

  done(): void {
    if (this.pendingRows !== undefined) this.rows = this.pendingRows;
    this.pendingRows = undefined;
  }

  /** Log sets behind a set, in their order. */
  logsBehind(set: AskedSet): readonly AskedSet[] {
    return this.sets.slice(this.sets.indexOf(set) + 1).filter(({ kind }) => kind === "log");
  }

  /** The last differential set that is surely based on a full one. */
  differentialOf(full: AskedSet): AskedSet | undefined {
    const behind = this.sets.slice(this.sets.indexOf(full) + 1);
    const next = behind.findIndex(({ kind }) => kind === "full");
    return behind.slice(0, next < 0 ? undefined : next).findLast(({ kind }) => kind === "differential");
  }

  /** The last full set that was told. */
  get lastFull(): AskedSet | undefined {
    return this.sets.filter(({ kind, told }) => kind === "full" && told).at(-1);
  }
}
