/** A server in memory for tests of the language: tables, procedures and what it was told. */
import type { ServerStatement } from "../../../lab/tsql/ast";
import { SqlError } from "../../../lab/tsql/errors";
import type {
  Host,
  LocatedRow,
  NativeProcedure,
  ObjectName,
  ScalarFunction,
  StatementContext,
  Table,
  UpdatableTable,
} from "../../../lab/tsql/host";
import type { Done, EnvironmentChange, Message, ResultSink } from "../../../lab/tsql/results";
import { LanguageSession } from "../../../lab/tsql/session";
import type { Column, Row, SqlType, SqlValue } from "../../../lab/tsql/values";

/** A table of the server whose changes a rollback takes back. */
export class StoredTable implements UpdatableTable {
  readonly updatable = true;
  readonly rows = new Map<number, Row>();
  /** Columns that the last scan was asked for. */
  asked: ReadonlySet<number> | undefined;
  #next = 1;

  constructor(
    readonly columns: readonly Column[],
    rows: readonly Row[],
  ) {
    for (const row of rows) this.rows.set(this.#next++, row);
  }

  *scan(needed?: ReadonlySet<number>): Iterable<Row> {
    this.asked = needed;
    yield* this.rows.values();
  }

  *locate(): Iterable<LocatedRow> {
    for (const [locator, row] of this.rows) yield { locator, row };
  }

  insert(values: readonly (SqlValue | undefined)[]): undefined {
    this.columns.forEach((column, index) => {
      if (!column.nullable && (values[index] ?? null) === null)
        throw new SqlError(
          515,
          16,
          `Cannot insert the value NULL into column '${column.name}', table 'test.dbo.t'; column does not allow nulls. INSERT fails.`,
        );
    });
    this.rows.set(
      this.#next++,
      values.map((value) => value ?? null),
    );
  }

  update(locator: number, row: Row): void {
    this.rows.set(locator, row);
  }

  delete(locator: number): void {
    this.rows.delete(locator);
  }
}

export class MemoryHost implements Host {
  readonly version;
  readonly sessionId = 51;
  database = "master";
  readonly tables = new Map<string, Table>();
  readonly procedures = new Map<string, NativeProcedure>();
  readonly functions = new Map<string, ScalarFunction>();
  readonly changes: string[] = [];
  readonly calls: string[] = [];
  readonly options = new Map<string, SqlValue>();
  /** What BACKUP, ALTER DATABASE … do; USE is done already. */
  onExecute: (statement: ServerStatement, context: StatementContext) => void = () => undefined;
  #saved: (() => void)[] = [];

  constructor(major = 11) {
    this.version = { major, minor: 0, build: 7001 };
  }

  table(name: ObjectName): Table {
    const found = this.tables.get(name.name.toLowerCase());
    if (found === undefined)
      throw new SqlError(
        208,
        16,
        `Invalid object name '${[name.database, name.schema, name.name].filter((part) => part !== undefined).join(".")}'.`,
      );
    return found;
  }

  tableFunction(name: ObjectName, args: readonly SqlValue[]): Table | undefined {
    if (name.name.toLowerCase() !== "numbers") return undefined;
    const count = Number(args[0] ?? 0);
    return {
      columns: [{ name: "n", type: { name: "int" }, nullable: false }],
      *scan() {
        for (let n = 1; n <= count; n += 1) yield [n];
      },
    };
  }

  scalarFunction(name: ObjectName): ScalarFunction | undefined {
    return this.functions.get(name.name.toUpperCase());
  }

  globalVariable(name: string): { readonly type: SqlType; readonly value: SqlValue } | undefined {
    if (name.toUpperCase() === "@@SERVERNAME") return { type: { name: "nvarchar", length: 128 }, value: "SQL-P1" };
    if (name.toUpperCase() === "@@SPID") return { type: { name: "smallint" }, value: this.sessionId };
    return undefined;
  }

  procedure(name: ObjectName): NativeProcedure | undefined {
    return this.procedures.get(name.name.toLowerCase());
  }

  execute(statement: ServerStatement, context: StatementContext): Promise<void> {
    if (statement.kind === "use") {
      context.sink.environment({ kind: "database", from: this.database, to: statement.database });
      this.database = statement.database;
      return Promise.resolve();
    }
    return Promise.resolve().then(() => {
      this.onExecute(statement, context);
    });
  }

  private snapshot(): () => void {
    const copies = [...this.tables.values()].flatMap((table) =>
      table instanceof StoredTable ? [{ table, rows: [...table.rows] }] : [],
    );
    return () => {
      for (const { table, rows } of copies) {
        table.rows.clear();
        for (const [locator, row] of rows) table.rows.set(locator, row);
      }
    };
  }

  begin(): void {
    this.calls.push("begin");
    this.#saved.push(this.snapshot());
  }

  commit(): void {
    this.calls.push("commit");
    this.#saved.pop();
  }

  rollback(): void {
    this.calls.push("rollback");
    this.#saved.pop()?.();
  }

  mark(): () => void {
    return this.snapshot();
  }

  beginStatement(): void {
    this.calls.push("beginStatement");
    this.#saved.push(this.snapshot());
  }

  endStatement(succeeded: boolean): void {
    this.calls.push(`endStatement ${String(succeeded)}`);
    const undo = this.#saved.pop();
    if (!succeeded) undo?.();
  }

  setOption(name: string, value: SqlValue): void {
    this.options.set(name, value);
  }

  noteChange(kind: string): void {
    this.changes.push(kind);
  }
}

/** Everything that a session wrote, in order and by kind. */
export class RecordingSink implements ResultSink {
  readonly results: { readonly columns: readonly Column[]; readonly rows: Row[] }[] = [];
  readonly messages: Message[] = [];
  readonly dones: Done[] = [];
  readonly changes: EnvironmentChange[] = [];
  /** Kinds of everything written, in order. */
  readonly order: string[] = [];

  columns(columns: readonly Column[]): void {
    this.order.push("columns");
    this.results.push({ columns, rows: [] });
  }

  row(values: Row): void {
    this.results.at(-1)?.rows.push(values);
  }

  message(message: Message): void {
    this.order.push(`message ${String(message.number)}`);
    this.messages.push(message);
  }

  done(done: Done): void {
    this.order.push("done");
    this.dones.push(done);
  }

  environment(change: EnvironmentChange): void {
    this.order.push(change.kind);
    this.changes.push(change);
  }

  /** Numbers of the errors (severity above 10). */
  get errors(): number[] {
    return this.messages.filter((message) => message.class > 10).map((message) => message.number);
  }

  /** Texts of PRINT. */
  get printed(): string[] {
    return this.messages.filter((message) => message.number === 0).map((message) => message.text);
  }
}

/** A session on a host of its own. */
export class TestSession {
  readonly host: MemoryHost;
  readonly session: LanguageSession;

  constructor(major = 11) {
    this.host = new MemoryHost(major);
    this.session = new LanguageSession(this.host);
  }

  async run(text: string, signal: AbortSignal = new AbortController().signal): Promise<RecordingSink> {
    const sink = new RecordingSink();
    await this.session.batch(text, sink, signal);
    return sink;
  }

  /** Rows of the first result set; any error fails. */
  async rows(text: string): Promise<readonly Row[]> {
    const sink = await this.run(text);
    const problem = sink.messages.find((message) => message.class > 10);
    if (problem !== undefined) throw new Error(`${String(problem.number)}: ${problem.text}`);
    return sink.results[0]?.rows ?? [];
  }
}
