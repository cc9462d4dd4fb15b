import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Condition, Expression, Literal, Query, SelectItem } from "../../lab/tsql/ast";
import { parse } from "../../lab/tsql/parser";
import { Decimal, type SqlType, type SqlValue } from "../../lab/tsql/values";

const SQL_2012 = { major: 11, minor: 0 };

function queryOf(text: string, quotedIdentifier = true): Query {
  const { statements } = parse(text, SQL_2012, { quotedIdentifier });
  const [statement] = statements;
  assert.ok(statement?.kind === "selectStatement", `no SELECT: ${text}`);
  return statement.query;
}

function itemOf(text: string, quotedIdentifier = true): SelectItem {
  const { body } = queryOf(text, quotedIdentifier);
  assert.ok(body.kind === "select");
  const [item] = body.items;
  assert.ok(item !== undefined);
  return item;
}

function expressionOf(text: string): Expression {
  const item = itemOf(`SELECT ${text}`);
  assert.ok(item.kind === "expression");
  return item.expression;
}

/** The tree with all parentheses written: what a table of precedences can be compared with. */
function shape(node: Expression | Condition): string {
  switch (node.kind) {
    case "literal":
      return typeof node.value === "object" ? JSON.stringify(node.type) : String(node.value);
    case "variable":
    case "globalVariable":
      return node.name;
    case "column":
      return node.table === undefined ? node.name : `${node.table.name}.${node.name}`;
    case "unary":
      return `(${node.operator}${shape(node.operand)})`;
    case "binary":
    case "comparison":
      return `(${shape(node.left)} ${node.operator} ${shape(node.right)})`;
    case "and":
    case "or":
      return `(${shape(node.left)} ${node.kind} ${shape(node.right)})`;
    case "not":
      return `(not ${shape(node.operand)})`;
    case "isNull":
      return `(${shape(node.operand)} is ${node.negated ? "not " : ""}null)`;
    case "between":
      return `(${shape(node.operand)} ${node.negated ? "not " : ""}in ${shape(node.low)}..${shape(node.high)})`;
    case "like":
      return `(${shape(node.operand)} ${node.negated ? "not " : ""}like ${shape(node.pattern)}${node.escape === undefined ? "" : ` escape ${shape(node.escape)}`})`;
    case "inList":
      return `(${shape(node.operand)} ${node.negated ? "not " : ""}in ${node.list.map(shape).join("|")})`;
    case "collate":
      return `(${shape(node.operand)} collate ${node.collation})`;
    case "function":
      return `${node.name.name}(${node.distinct ? "distinct " : ""}${node.star ? "*" : node.args.map(shape).join(", ")})`;
    default:
      return node.kind;
  }
}

const EXPRESSIONS: readonly (readonly [text: string, shape: string])[] = [
  ["1 + 2 * 3", "(1 + (2 * 3))"],
  ["1 - 2 - 3", "((1 - 2) - 3)"],
  ["(1 - 2) * 3", "((1 - 2) * 3)"],
  ["1 + 2 & 3 | 4 ^ 5", "((((1 + 2) & 3) | 4) ^ 5)"],
  // A sign stands on the level of addition: "Operator precedence".
  ["-1 * 2", "(-(1 * 2))"],
  ["8 / -4 * 2", "(8 / (-(4 * 2)))"],
  ["~1 + 2", "((~1) + 2)"],
  ["- - 1", "(-(-1))"],
  ["a + b COLLATE Latin1_General_BIN", "(a + (b collate Latin1_General_BIN))"],
  ["@a + @@SPID", "(@a + @@SPID)"],
  ["d.name", "d.name"],
  ["LEFT(a, 2) + RIGHT(b, 3)", "(LEFT(a, 2) + RIGHT(b, 3))"],
  ["COUNT(*)", "COUNT(*)"],
  ["COUNT(DISTINCT a)", "COUNT(distinct a)"],
  ["CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP()"],
  ["DATEADD(day, -1, GETDATE())", "DATEADD(day, (-1), GETDATE())"],
  ["CASE WHEN a = 1 THEN 2 END", "searchedCase"],
  ["CASE a WHEN 1 THEN 2 ELSE 3 END", "simpleCase"],
  ["IIF(a > 1, 2, 3)", "searchedCase"],
  ["NULLIF(a, 0) + COALESCE(b, c)", "(nullIf + coalesce)"],
  ["(SELECT 1) + 1", "(subquery + 1)"],
  ["((SELECT 1)) + 1", "(subquery + 1)"],
];

const CONDITIONS: readonly (readonly [text: string, shape: string])[] = [
  ["a = 1 OR b = 2 AND c = 3", "((a = 1) or ((b = 2) and (c = 3)))"],
  ["(a = 1 OR b = 2) AND c = 3", "(((a = 1) or (b = 2)) and (c = 3))"],
  ["NOT a = 1 AND b = 2", "((not (a = 1)) and (b = 2))"],
  ["NOT (a = 1 AND b = 2)", "(not ((a = 1) and (b = 2)))"],
  ["(a + 1) * 2 > 3", "(((a + 1) * 2) > 3)"],
  ["((a)) = ((1))", "(a = 1)"],
  ["(((a = 1)))", "(a = 1)"],
  ["(a) COLLATE Latin1_General_BIN = b", "((a collate Latin1_General_BIN) = b)"],
  ["a != 1 AND b !< 2 AND c !> 3", "(((a <> 1) and (b >= 2)) and (c <= 3))"],
  ["a BETWEEN 1 AND 2 AND b = 3", "((a in 1..2) and (b = 3))"],
  ["a NOT BETWEEN 1 AND 2", "(a not in 1..2)"],
  ["a LIKE 'x!%' ESCAPE '!'", "(a like x!% escape !)"],
  ["a NOT LIKE 'x%'", "(a not like x%)"],
  ["a IN (1, 2) OR a IS NOT NULL", "((a in 1|2) or (a is not null))"],
  ["a NOT IN (SELECT b FROM t)", "inQuery"],
  ["EXISTS (SELECT 1)", "exists"],
  ["a > ALL (SELECT b FROM t)", "quantified"],
  ["((SELECT 1) = 2 OR a = 1)", "((subquery = 2) or (a = 1))"],
  ["((SELECT 1) UNION (SELECT 2)) = a", "(subquery = a)"],
];

const LITERALS: readonly (readonly [text: string, type: SqlType, value: SqlValue])[] = [
  ["0", { name: "int" }, 0],
  ["2147483647", { name: "int" }, 2147483647],
  ["2147483648", { name: "numeric", precision: 10, scale: 0 }, new Decimal(2147483648n, 0)],
  ["12.340", { name: "numeric", precision: 5, scale: 3 }, new Decimal(12340n, 3)],
  [".5", { name: "numeric", precision: 1, scale: 1 }, new Decimal(5n, 1)],
  ["1.", { name: "numeric", precision: 1, scale: 0 }, new Decimal(1n, 0)],
  ["1.5E3", { name: "float" }, 1500],
  ["2e", { name: "float" }, 2],
  ["$1.25", { name: "money" }, new Decimal(12500n, 4)],
  ["'it''s'", { name: "varchar", length: 4 }, "it's"],
  ["''", { name: "varchar", length: 1 }, ""],
  ["N'čaj'", { name: "nvarchar", length: 3 }, "čaj"],
  ["'čaj'", { name: "varchar", length: 3 }, "?aj"],
  ["0x0aFF", { name: "varbinary", length: 2 }, Uint8Array.of(10, 255)],
  ["0xABC", { name: "varbinary", length: 2 }, Uint8Array.of(10, 188)],
  ["0x", { name: "varbinary", length: 1 }, new Uint8Array()],
  ["NULL", { name: "int" }, null],
  [`'${"x".repeat(8001)}'`, { name: "varchar", length: "max" }, "x".repeat(8001)],
];

const TYPES: readonly (readonly [text: string, type: SqlType])[] = [
  ["int", { name: "int" }],
  ["[int]", { name: "int" }],
  ["sys.bigint", { name: "bigint" }],
  ["sysname", { name: "nvarchar", length: 128 }],
  ["nvarchar(max)", { name: "nvarchar", length: "max" }],
  ["varchar", { name: "varchar", length: 1 }],
  ["national character varying(20)", { name: "nvarchar", length: 20 }],
  ["double precision", { name: "float" }],
  ["float(24)", { name: "real" }],
  ["decimal", { name: "decimal", precision: 18, scale: 0 }],
  ["numeric(25, 0)", { name: "numeric", precision: 25, scale: 0 }],
  ["datetime2(3)", { name: "datetime2", scale: 3 }],
  ["datetimeoffset", { name: "datetimeoffset", scale: 7 }],
  ["rowversion", { name: "timestamp" }],
];

describe("T-SQL parser: expressions", () => {
  for (const [text, expected] of EXPRESSIONS) {
    it(`${text} is ${expected}`, () => assert.equal(shape(expressionOf(text)), expected));
  }

  for (const [text, expected] of CONDITIONS) {
    it(`condition ${text} is ${expected}`, () => {
      const { body } = queryOf(`SELECT 1 WHERE ${text}`);
      assert.ok(body.kind === "select" && body.where !== undefined);
      assert.equal(shape(body.where), expected);
    });
  }

  for (const [text, type, value] of LITERALS) {
    it(`constant ${text.slice(0, 20)} is ${type.name}`, () => {
      assert.deepEqual(expressionOf(text), { kind: "literal", type, value } satisfies Literal);
    });
  }

  for (const [text, type] of TYPES) {
    it(`type ${text}`, () => {
      const [statement] = parse(`DECLARE @a ${text}`, SQL_2012).statements;
      assert.ok(statement?.kind === "declare");
      assert.deepEqual(statement.declarations, [{ kind: "scalar", name: "@a", type }]);
    });
  }

  it("gives types without length 30 in CONVERT", () => {
    const expression = expressionOf("CONVERT(varchar, a, 120)");
    assert.ok(expression.kind === "convert");
    assert.deepEqual(expression.type, { name: "varchar", length: 30 });
    assert.equal(shape(expression.style as Expression), "120");
  });

  it("reads OVER of ranking functions", () => {
    const expression = expressionOf("ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC, c)");
    assert.ok(expression.kind === "function" && expression.over !== undefined);
    assert.deepEqual(expression.over.partitionBy.map(shape), ["a"]);
    assert.deepEqual(
      expression.over.orderBy.map((item) => [shape(item.expression), item.descending]),
      [
        ["b", true],
        ["c", false],
      ],
    );
  });

  it("reads every way to name a column of the result", () => {
    for (const text of [
      "SELECT 1 AS x",
      "SELECT 1 x",
      "SELECT x = 1",
      "SELECT 1 'x'",
      "SELECT 'x' = 1",
      "SELECT 1 AS [x]",
      'SELECT 1 "x"',
    ]) {
      const item = itemOf(text);
      assert.ok(item.kind === "expression", text);
      assert.equal(item.alias, "x", text);
    }
    assert.deepEqual(itemOf("SELECT d.* FROM t AS d"), { kind: "star", table: { name: "d" } });
    assert.deepEqual(itemOf("SELECT @a += 1"), {
      kind: "assign",
      variable: "@a",
      operator: "+=",
      expression: expressionOf("1"),
    });
  });

  it("takes double quotes by QUOTED_IDENTIFIER, also when the batch sets it", () => {
    const column = itemOf('SELECT "a"');
    assert.ok(column.kind === "expression" && column.expression.kind === "column");
    const text = itemOf('SELECT "a"', false);
    assert.ok(text.kind === "expression" && text.expression.kind === "literal");
    const { statements } = parse('SET ANSI_NULLS, QUOTED_IDENTIFIER OFF; SELECT "a"', SQL_2012);
    const [, select] = statements;
    assert.ok(select?.kind === "selectStatement" && select.query.body.kind === "select");
    const [item] = select.query.body.items;
    assert.ok(item?.kind === "expression" && item.expression.kind === "literal");
  });

  it("takes apart names of several parts", () => {
    const names: readonly (readonly [string, object])[] = [
      ["t", { name: "t" }],
      ["dbo.t", { schema: "dbo", name: "t" }],
      ["msdb..sysjobs", { database: "msdb", name: "sysjobs" }],
      ["s.d.[a]]b].t", { server: "s", database: "d", schema: "a]b", name: "t" }],
    ];
    for (const [text, name] of names) {
      const { body } = queryOf(`SELECT 1 FROM ${text}`);
      assert.ok(body.kind === "select");
      assert.deepEqual(body.from, [{ kind: "table", name, hints: [] }]);
    }
  });
});
