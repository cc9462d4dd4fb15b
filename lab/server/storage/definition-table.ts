/** Definitions as a data file keeps them: tables, users, options and what else has a kind, a name and a text. */
import type { DataFile } from "./data-file";
import type { TableDefinition } from "./definitions";

/** A definition as it was put: its name as written, its JSON text. */
export interface StoredDefinition {
  readonly name: string;
  readonly value: string;
}

/** Definitions of one database: kind → key (lower case) → name and text. */
export type Definitions = Map<string, Map<string, StoredDefinition>>;

/** A copy that may be changed while the other stays. */
export function copyOf(definitions: Definitions): Definitions {
  return new Map([...definitions].map(([kind, entries]) => [kind, new Map(entries)]));
}

export class DefinitionTable {
  readonly #parsed = new WeakMap<StoredDefinition, TableDefinition>();

  constructor(private readonly file: DataFile) {}

  /** All of them; the writer's connection sees what is committed and, after a rollback to a savepoint, its own. */
  read(): Definitions {
    const definitions: Definitions = new Map();
    const rows = this.file.writer.rows("SELECT kind, key, name, value FROM definition") as [
      string,
      string,
      string,
      string,
    ][];
    for (const [kind, key, name, value] of rows) entriesOf(definitions, kind).set(key, { name, value });
    return definitions;
  }

  /** Puts a definition into the open transaction and into `into`; null removes it. Answers what was there before. */
  put(into: Definitions, kind: string, name: string, value: string | null): StoredDefinition | undefined {
    const entries = entriesOf(into, kind);
    const key = name.toLowerCase();
    const before = entries.get(key);
    if (value === null) {
      entries.delete(key);
      this.file.writer.prepare("DELETE FROM definition WHERE kind = ? AND key = ?").run(kind, key);
      return before;
    }
    entries.set(key, { name, value });
    this.file.writer
      .prepare(
        "INSERT INTO definition (kind, key, name, value) VALUES (?, ?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET name = excluded.name, value = excluded.value",
      )
      .run(kind, key, name, value);
    return before;
  }

  /** A definition of kind "table"; the same object as long as it stays the same. */
  tableOf(entry: StoredDefinition): TableDefinition {
    let table = this.#parsed.get(entry);
    if (table === undefined) {
      table = parseTable(entry.value);
      this.#parsed.set(entry, table);
    }
    return table;
  }
}

function entriesOf(definitions: Definitions, kind: string): Map<string, StoredDefinition> {
  let entries = definitions.get(kind);
  if (entries === undefined) {
    entries = new Map();
    definitions.set(kind, entries);
  }
  return entries;
}

/** JSON has no bigint: seed and increment of an identity are text in it. */
export function tableText(definition: TableDefinition): string {
  return JSON.stringify(definition, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

/** Reads `tableText` back. */
export function parseTable(text: string): TableDefinition {
  const raw = JSON.parse(text) as TableDefinition;
  return {
    ...raw,
    columns: raw.columns.map((column) =>
      column.generated === undefined
        ? column
        : {
            ...column,
            generated: { seed: BigInt(column.generated.seed), increment: BigInt(column.generated.increment) },
          },
    ),
  };
}
