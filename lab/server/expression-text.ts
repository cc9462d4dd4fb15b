/** Text of an expression, as a definition keeps it: sys.default_constraints.definition and what a backup carries. */
import type { Expression } from "../tsql/ast";
import { SqlError } from "../tsql/errors";
import { quoteIdentifier, sqlLiteral, typeDeclaration } from "./sql-text";

function nameText(name: { readonly schema?: string; readonly name: string }): string {
  return name.schema === undefined ? name.name : `${quoteIdentifier(name.schema)}.${quoteIdentifier(name.name)}`;
}

/**
 * Writes an expression that a DEFAULT may hold: constants, functions, operators, conversions, CASE over constants.
 * Throws 128 for names of columns and 1046 for subqueries, as CREATE TABLE does.
 */
export function expressionText(expression: Expression): string {
  switch (expression.kind) {
    case "literal":
      return sqlLiteral(expression.value, expression.type);
    case "unary":
      return `(${expression.operator}${expressionText(expression.operand)})`;
    case "binary":
      return `(${expressionText(expression.left)}${expression.operator}${expressionText(expression.right)})`;
    case "collate":
      return `${expressionText(expression.operand)} COLLATE ${expression.collation}`;
    case "globalVariable":
      return expression.name;
    case "function": {
      const name = expression.name.name.toUpperCase();
      const bare = ["CURRENT_TIMESTAMP", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "USER"].includes(name);
      if (bare && expression.args.length === 0) return name;
      return `${nameText(expression.name)}(${expression.args.map(expressionText).join(",")})`;
    }
    case "convert": {
      const operand = expressionText(expression.operand);
      if (expression.function.endsWith("CAST"))
        return `${expression.function}(${operand} AS ${typeDeclaration(expression.type)})`;
      const style = expression.style === undefined ? "" : `,${expressionText(expression.style)}`;
      return `${expression.function}(${typeDeclaration(expression.type)},${operand}${style})`;
    }
    case "coalesce":
      return `COALESCE(${expression.args.map(expressionText).join(",")})`;
    case "nullIf":
      return `NULLIF(${expressionText(expression.left)},${expressionText(expression.right)})`;
    case "simpleCase": {
      const branches = expression.branches
        .map(({ value, result }) => ` WHEN ${expressionText(value)} THEN ${expressionText(result)}`)
        .join("");
      const otherwise = expression.otherwise === undefined ? "" : ` ELSE ${expressionText(expression.otherwise)}`;
      return `CASE ${expressionText(expression.operand)}${branches}${otherwise} END`;
    }
    case "column":
      throw new SqlError(
        128,
        15,
        `The name "${expression.name}" is not permitted in this context. Valid expressions are constants, constant expressions, and (in some contexts) variables. Column names are not permitted.`,
      );
    case "subquery":
    case "searchedCase":
    case "variable":
      throw new SqlError(1046, 15, "Subqueries are not allowed in this context. Only scalar expressions are allowed.");
  }
}
