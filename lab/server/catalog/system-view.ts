/** Frame of the system views: their columns as documented, their rows made at the time of the query. */
import type { Table } from "../../tsql/host";
import type { Column, Row, SqlValue } from "../../tsql/values";
import { columnList } from "../column-list";
import type { CatalogContext } from "./context";

/** A row by column names; a column that is missing is NULL. */
export type ViewRow = Readonly<Record<string, SqlValue>>;

export interface SystemView {
  /** With schema: "sys.databases". */
  readonly name: string;
  /** Text for {@link columnList}; `since n` for columns of later versions. */
  readonly columns: string;
  /** First major version that has the view. */
  readonly since?: number;
  /** First build of a major version that has it, where a service pack brought it. */
  readonly sinceBuild?: Readonly<Record<number, number>>;
  /** One of the rights of the server's scope that reading needs (300 and 297 without it). */
  readonly needs?: "VIEW SERVER STATE";
  rows(context: CatalogContext): Iterable<ViewRow>;
}

/** A table-valued function of the schema sys; its arguments decide the rows. */
export interface SystemFunction extends Omit<SystemView, "rows"> {
  readonly parameters: number;
  rows(context: CatalogContext, args: readonly SqlValue[]): Iterable<ViewRow>;
}

const columnsByView = new Map<string, readonly Column[]>();

/** Columns of a view for a version; the same array each time. */
export function viewColumns(view: Pick<SystemView, "name" | "columns">, majorVersion: number): readonly Column[] {
  const key = `${view.name}@${String(majorVersion)}`;
  let columns = columnsByView.get(key);
  if (columns === undefined) columnsByView.set(key, (columns = columnList(view.columns, majorVersion)));
  return columns;
}

/** A table over rows by name. A NULL in a column that documents none is a mistake of the lab and throws Error. */
export function viewTable(
  view: Pick<SystemView, "name" | "columns">,
  majorVersion: number,
  rows: () => Iterable<ViewRow>,
): Table {
  const columns = viewColumns(view, majorVersion);
  return {
    columns,
    *scan(): Iterable<Row> {
      for (const named of rows())
        yield columns.map((column) => {
          const value = named[column.name] ?? null;
          if (value === null && !column.nullable)
            throw new Error(`${view.name} of the lab has no value for its column ${column.name}.`);
          return value;
        });
    },
  };
}
