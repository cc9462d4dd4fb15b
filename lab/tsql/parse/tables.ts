/** Tables and their columns. Source: "CREATE TABLE", "ALTER TABLE", "table_constraint", "column_definition". */
import type {
  AlterTableAction,
  ColumnDefinition,
  CreateTableStatement,
  IdentityDefinition,
  ReferenceDefinition,
  ReferentialAction,
  Statement,
  TableConstraint,
} from "../ast";
import { tokenText } from "../lexer";
import { parseCondition } from "./conditions";
import type { Cursor } from "./cursor";
import { parseDataType } from "./data-types";
import { parseExpression } from "./expressions";
import { parseIndexColumns, parseIndexPlacement } from "./indexes";
import { parseColumnNames, parseObjectName } from "./names";

type CheckConstraint = Extract<TableConstraint, { readonly kind: "check" }>;

interface TableElements {
  readonly columns: ColumnDefinition[];
  readonly constraints: TableConstraint[];
}

/** Table variables name no constraints and refer to no other table. */
type TableKind = "table" | "variable";

/** `( columns and constraints )`; a comma behind the last is allowed. */
export function parseTableElements(cursor: Cursor, kind: TableKind): TableElements {
  const elements: TableElements = { columns: [], constraints: [] };
  cursor.expect("(");
  do {
    if (cursor.is(")") && elements.columns.length > 0) break;
    parseElement(cursor, elements, kind);
  } while (cursor.accept(","));
  cursor.expect(")");
  return elements;
}

const CONSTRAINT_WORDS = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];

function parseElement(cursor: Cursor, elements: TableElements, kind: TableKind): void {
  if (cursor.isOneOf(CONSTRAINT_WORDS)) elements.constraints.push(parseTableConstraint(cursor, kind));
  else elements.columns.push(parseColumn(cursor, elements.constraints, kind));
}

function parseConstraintName(cursor: Cursor, kind: TableKind): { readonly name?: string } {
  return kind === "table" && cursor.accept("CONSTRAINT") ? { name: cursor.identifier() } : {};
}

/** A constraint between the columns, or behind ALTER TABLE … ADD. */
function parseTableConstraint(cursor: Cursor, kind: TableKind): TableConstraint {
  const name = parseConstraintName(cursor, kind);
  const key = parseKey(cursor);
  if (key !== undefined) {
    const columns = parseIndexColumns(cursor);
    parseIndexPlacement(cursor);
    return { ...key, ...name, columns };
  }
  if (cursor.accept("CHECK")) return { kind: "check", ...name, ...parseCheck(cursor) };
  if (kind === "table" && cursor.accept("DEFAULT")) {
    const value = parseExpression(cursor);
    cursor.expect("FOR");
    return { kind: "default", ...name, column: cursor.identifier(), value };
  }
  if (kind === "variable") throw cursor.unexpected();
  cursor.expect("FOREIGN", "KEY");
  const columns = parseColumnNames(cursor);
  cursor.expect("REFERENCES");
  return { kind: "foreignKey", ...name, columns, references: parseReference(cursor) };
}

function parseKey(
  cursor: Cursor,
): { readonly kind: "primaryKey" | "unique"; readonly clustered?: boolean } | undefined {
  const kind = cursor.accept("PRIMARY", "KEY") ? "primaryKey" : cursor.accept("UNIQUE") ? "unique" : undefined;
  if (kind === undefined) return undefined;
  const order = cursor.acceptOneOf(["CLUSTERED", "NONCLUSTERED"]);
  return order === undefined ? { kind } : { kind, clustered: order === "CLUSTERED" };
}

function parseCheck(cursor: Cursor): Pick<CheckConstraint, "condition" | "text" | "names"> {
  skipNotForReplication(cursor);
  const [condition, tokens] = cursor.parenthesized(() => cursor.withTokens(() => parseCondition(cursor)));
  const identifiers = tokens.filter((token) => token.type === "quoted" || token.type === "word");
  return {
    condition,
    text: tokens.map(tokenText).join(" "),
    names: identifiers.filter((token) => !cursor.isReserved(token)).map((token) => token.text),
  };
}

function parseReference(cursor: Cursor): ReferenceDefinition {
  const table = parseObjectName(cursor);
  const columns = cursor.is("(") ? parseColumnNames(cursor) : [];
  let onDelete: ReferentialAction = "NO ACTION";
  let onUpdate: ReferentialAction = "NO ACTION";
  while (cursor.accept("ON")) {
    if (cursor.expectOneOf(["DELETE", "UPDATE"]) === "DELETE") onDelete = parseReferentialAction(cursor);
    else onUpdate = parseReferentialAction(cursor);
  }
  skipNotForReplication(cursor);
  return { table, columns, onDelete, onUpdate };
}

function parseReferentialAction(cursor: Cursor): ReferentialAction {
  if (cursor.accept("NO", "ACTION")) return "NO ACTION";
  if (cursor.accept("CASCADE")) return "CASCADE";
  cursor.expect("SET");
  return cursor.expectOneOf(["NULL", "DEFAULT"]) === "NULL" ? "SET NULL" : "SET DEFAULT";
}

/** The lab replicates nothing, so this exception for replication agents never applies. */
function skipNotForReplication(cursor: Cursor): void {
  cursor.accept("NOT", "FOR", "REPLICATION");
}

/** A column; its constraints other than DEFAULT are put to those of the table. Computed columns are refused. */
function parseColumn(cursor: Cursor, constraints: TableConstraint[], kind: TableKind): ColumnDefinition {
  const name = cursor.identifier();
  let column: ColumnDefinition = { name, type: parseDataType(cursor, "definition"), rowGuidColumn: false };
  for (;;) {
    const property = parseColumnProperty(cursor);
    if (property !== undefined) column = { ...column, ...property };
    else {
      const constraint = parseColumnConstraint(cursor, name, kind);
      if (constraint === undefined) return column;
      if (constraint.kind === "default") {
        const { name: constraintName, value } = constraint;
        column = { ...column, default: constraintName === undefined ? { value } : { name: constraintName, value } };
      } else constraints.push(constraint);
    }
  }
}

function parseColumnProperty(cursor: Cursor): Partial<ColumnDefinition> | undefined {
  if (cursor.accept("COLLATE")) return { collation: cursor.identifier() };
  if (cursor.accept("NULL")) return { nullable: true };
  if (cursor.accept("NOT", "NULL")) return { nullable: false };
  if (cursor.accept("ROWGUIDCOL")) return { rowGuidColumn: true };
  if (cursor.accept("IDENTITY")) return { identity: parseIdentity(cursor) };
  return undefined;
}

function parseIdentity(cursor: Cursor): IdentityDefinition {
  if (!cursor.accept("(")) {
    skipNotForReplication(cursor);
    return { seed: 1n, increment: 1n };
  }
  const seed = parseWhole(cursor);
  cursor.expect(",");
  const increment = parseWhole(cursor);
  cursor.expect(")");
  skipNotForReplication(cursor);
  return { seed, increment };
}

function parseWhole(cursor: Cursor): bigint {
  const negative = cursor.accept("-");
  if (cursor.token.type !== "integer") throw cursor.unexpected();
  const value = BigInt(cursor.next().text);
  return negative ? -value : value;
}

function parseColumnConstraint(cursor: Cursor, column: string, kind: TableKind): TableConstraint | undefined {
  const name = parseConstraintName(cursor, kind);
  const key = parseKey(cursor);
  if (key !== undefined) {
    parseIndexPlacement(cursor);
    return { ...key, ...name, columns: [{ name: column, descending: false }] };
  }
  if (cursor.accept("DEFAULT")) return { kind: "default", ...name, column, value: parseExpression(cursor) };
  if (cursor.accept("CHECK")) return { kind: "check", ...name, ...parseCheck(cursor) };
  if (kind === "table" && (cursor.accept("FOREIGN", "KEY", "REFERENCES") || cursor.accept("REFERENCES"))) {
    return { kind: "foreignKey", ...name, columns: [column], references: parseReference(cursor) };
  }
  if (name.name !== undefined) throw cursor.unexpected();
  return undefined;
}

/** Behind CREATE TABLE. */
export function parseCreateTable(cursor: Cursor, line: number): CreateTableStatement {
  const name = parseObjectName(cursor);
  const elements = parseTableElements(cursor, "table");
  return { kind: "createTable", line, name, ...elements, ...parseIndexPlacement(cursor) };
}

/** Behind DROP TABLE. */
export function parseDropTable(cursor: Cursor, line: number): Statement {
  return { kind: "dropTable", line, names: cursor.list(() => parseObjectName(cursor)) };
}

/** Behind ALTER TABLE. */
export function parseAlterTable(cursor: Cursor, line: number): Statement {
  const name = parseObjectName(cursor);
  return { kind: "alterTable", line, name, action: parseAlterAction(cursor) };
}

function parseAlterAction(cursor: Cursor): AlterTableAction {
  if (cursor.accept("ADD") || cursor.accept("WITH", "CHECK", "ADD")) return parseAddition(cursor);
  if (cursor.accept("ALTER", "COLUMN")) {
    const name = cursor.identifier();
    const type = parseDataType(cursor, "definition");
    if (cursor.accept("NULL")) return { kind: "alterColumn", name, type, nullable: true };
    if (cursor.accept("NOT", "NULL")) return { kind: "alterColumn", name, type, nullable: false };
    return { kind: "alterColumn", name, type };
  }
  cursor.expect("DROP");
  if (cursor.accept("COLUMN")) return { kind: "dropColumns", names: cursor.list(() => cursor.identifier()) };
  cursor.accept("CONSTRAINT");
  return { kind: "dropConstraints", names: cursor.list(() => cursor.identifier()) };
}

function parseAddition(cursor: Cursor): AlterTableAction {
  const elements: TableElements = { columns: [], constraints: [] };
  cursor.list(() => {
    if (cursor.is("DEFAULT")) elements.constraints.push(parseTableConstraint(cursor, "table"));
    else parseElement(cursor, elements, "table");
  });
  return { kind: "add", ...elements };
}
