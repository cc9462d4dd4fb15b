/** Binds expressions of a statement to their scope: columns, variables, operators, CASE, CONVERT, COALESCE, subqueries. */
import type {
  CoalesceExpression,
  ColumnReference,
  ConvertExpression,
  Expression,
  Literal,
  NullIfExpression,
  SearchedCaseExpression,
  SimpleCaseExpression,
  SubqueryExpression,
} from "./ast";
import { complement, negation } from "./arithmetic";
import { arithmetic, commonCollation, comparison, converted, typeOfAll } from "./bound-values";
import { bindCall } from "./calls";
import { collationOf, toCodePage } from "./collation";
import { bindCondition } from "./conditions";
import { checkConversion, convertValue } from "./conversion";
import { SqlError } from "./errors";
import { bindErrors, runErrors } from "./language-errors";
import { bindQuery, subqueryValues } from "./queries";
import {
  plainBound,
  slotKey,
  structuralKey,
  type Bound,
  type Evaluate,
  type Found,
  type Frame,
  type Scope,
} from "./scope";
import { INT, isCharacter, isUnicode } from "./types";
import type { Row as FrameRow, SqlType, SqlValue } from "./values";

/** Binds an expression. @throws BindError where a name or a type does not fit */
export function bindExpression(expression: Expression, scope: Scope): Bound {
  if (scope.grouped && scope.grouping !== undefined && !scope.insideAggregate && scope.grouping.keys.length > 0) {
    const at = groupIndex(expression, scope);
    if (at >= 0) return groupValue(scope, at);
  }
  switch (expression.kind) {
    case "literal":
      return literal(expression);
    case "variable": {
      const variable = scope.environment.variable(expression.name);
      return plainBound(variable.type, () => variable.value);
    }
    case "globalVariable": {
      const value = scope.environment.globalVariable(expression.name);
      if (value === undefined) throw bindErrors.mustDeclareScalar(expression.name);
      return plainBound(value.type, () => scope.environment.globalVariable(expression.name)?.value ?? null);
    }
    case "column":
      return column(expression, scope);
    case "unary":
      return unary(expression.operator, expression.operand, scope);
    case "binary":
      return arithmetic(
        expression.operator,
        bindExpression(expression.left, scope),
        bindExpression(expression.right, scope),
        scope.environment,
      );
    case "collate": {
      const operand = bindExpression(expression.operand, scope);
      if (!isCharacter(operand.type) && !operand.isNull) throw bindErrors.argumentInvalid(operand.type, 1, "collate");
      return { ...operand, collation: collationOf(expression.collation), coercibility: "explicit" };
    }
    case "function":
      return bindCall(expression, scope);
    case "convert":
      return conversion(expression, scope);
    case "simpleCase":
      return simpleCase(expression, scope);
    case "searchedCase":
      return searchedCase(expression, scope);
    case "coalesce":
      return coalesce(expression, scope);
    case "nullIf":
      return nullIf(expression, scope);
    case "subquery":
      return subquery(expression, scope);
  }
}

function groupIndex(expression: Expression, scope: Scope): number {
  if (expression.kind === "literal" || expression.kind === "variable") return -1;
  // Binding names twice is harmless; a name that is not there is reported where it is bound.
  try {
    return scope.grouping?.keys.indexOf(structuralKey(expression, scope)) ?? -1;
  } catch (error) {
    if (error instanceof SqlError) return -1;
    throw error;
  }
}

function groupValue(scope: Scope, at: number): Bound {
  const bound = scope.grouping?.bounds[at] as Bound;
  return { ...bound, constant: undefined, isNull: false, evaluate: (frame) => frame.group[at] as SqlValue };
}

function literal(expression: Literal): Bound {
  const { type } = expression;
  let { value } = expression;
  // A varchar literal can only hold what the code page has: N'…' is needed for the rest.
  if (typeof value === "string" && isCharacter(type) && !isUnicode(type)) value = toCodePage(value);
  return { ...plainBound(type, () => value, value === null), isNull: value === null, constant: value };
}

/** Frame of the query that is `depth` queries out. */
function frameAt(frame: Frame, depth: number): Frame {
  let at = frame;
  for (let left = depth; left > 0; left -= 1) at = at.outer as Frame;
  return at;
}

function column(reference: ColumnReference, scope: Scope): Bound {
  const found = scope.resolve(reference);
  const definition = found.source.columns[found.index];
  if (definition === undefined) throw bindErrors.invalidColumn(reference.name);
  const own = found.source.collations[found.index];
  const bound: Bound = {
    ...plainBound(definition.type, columnReader(found), definition.nullable || found.source.optional),
    coercibility: isCharacter(definition.type) ? "implicit" : "default",
    ...(own === undefined ? {} : { collation: own }),
    ...(definition.identity === true && found.depth === 0 ? { identity: true } : {}),
  };
  return found.scope.grouped && !found.scope.insideAggregate ? groupedColumn(found, reference, bound) : bound;
}

function columnReader({ depth, source, index }: Found): Evaluate {
  const { slot } = source;
  if (depth === 0) return (frame) => (frame.rows[slot] as FrameRow)[index] as SqlValue;
  return (frame) => (frameAt(frame, depth).rows[slot] as FrameRow)[index] as SqlValue;
}

/** A column of a grouped query is only known where it is one of the GROUP BY expressions. @throws BindError 8120, 8121, 8127 */
function groupedColumn(found: Found, reference: ColumnReference, bound: Bound): Bound {
  const key = JSON.stringify(slotKey({ ...found, depth: 0 }));
  const at = found.scope.grouping?.keys.indexOf(key) ?? -1;
  if (at < 0) {
    const table = found.source.hasAlias
      ? found.source.name.name
      : [found.source.name.database, found.source.name.schema, found.source.name.name]
          .filter((part) => part !== undefined && part !== "")
          .join(".");
    throw bindErrors.notGrouped(
      `${table}.${found.source.columns[found.index]?.name ?? reference.name}`,
      found.scope.clause,
    );
  }
  const { depth } = found;
  return { ...bound, evaluate: (frame) => frameAt(frame, depth).group[at] as SqlValue };
}

function unary(operator: "-" | "+" | "~", expression: Expression, scope: Scope): Bound {
  const operand = bindExpression(expression, scope);
  if (operator === "+" || operand.isNull) return operand;
  const bound = operator === "-" ? negation(operand.type) : complement(operand.type);
  const { evaluate, constant } = operand;
  if (constant !== undefined && constant !== null) {
    const value = bound.apply(constant);
    return { ...plainBound(bound.type, () => value, false), constant: value };
  }
  return plainBound(
    bound.type,
    (frame) => {
      const value = evaluate(frame);
      return value === null ? null : bound.apply(value);
    },
    operand.nullable,
  );
}

function conversion(expression: ConvertExpression, scope: Scope): Bound {
  const operand = bindExpression(expression.operand, scope);
  const { type } = expression;
  const style = expression.style === undefined ? undefined : bindExpression(expression.style, scope);
  if (!operand.isNull) checkConversion(operand.type, type, true);
  const styleOf = style === undefined ? undefined : converted(style, INT, scope.environment);
  const tries = expression.function.startsWith("TRY_");
  const { evaluate } = operand;
  const from = operand.type;
  const convert = (frame: Frame): SqlValue => {
    const value = evaluate(frame);
    if (value === null) return null;
    const given = styleOf?.(frame);
    // A style that is NULL makes NULL.
    if (given === null) return null;
    return convertValue(value, from, type, {
      dateFormat: scope.environment.dateFormat(),
      ...(given === undefined ? {} : { style: given as number }),
    });
  };
  const guarded = (frame: Frame): SqlValue => {
    try {
      return convert(frame);
    } catch (error) {
      if (error instanceof SqlError) return null;
      throw error;
    }
  };
  const bound = plainBound(type, tries ? guarded : convert, tries || operand.nullable);
  return isCharacter(operand.type) && isCharacter(type)
    ? { ...bound, collation: operand.collation, coercibility: operand.coercibility }
    : bound;
}

/** Branches of CASE, COALESCE: one type and one collation for all results. */
function united(
  results: readonly Bound[],
  scope: Scope,
  none: () => SqlError,
): {
  readonly type: SqlType;
  readonly branches: readonly Evaluate[];
  readonly choice: ReturnType<typeof commonCollation>;
} {
  const type = typeOfAll(results);
  if (type === undefined) throw none();
  return {
    type,
    branches: results.map((result) => converted(result, type, scope.environment)),
    choice: commonCollation(results, "CASE"),
  };
}

function searchedCase(expression: SearchedCaseExpression, scope: Scope): Bound {
  const tests = expression.branches.map((branch) => bindCondition(branch.condition, scope));
  const results = expression.branches.map((branch) => bindExpression(branch.result, scope));
  return caseOf(tests, results, expression.otherwise, scope);
}

function simpleCase(expression: SimpleCaseExpression, scope: Scope): Bound {
  const operand = bindExpression(expression.operand, scope);
  const tests = expression.branches.map((branch) =>
    comparison("=", operand, bindExpression(branch.value, scope), scope.environment),
  );
  const results = expression.branches.map((branch) => bindExpression(branch.result, scope));
  return caseOf(tests, results, expression.otherwise, scope);
}

function caseOf(
  tests: readonly ((frame: Frame) => boolean | null)[],
  results: Bound[],
  otherwise: Expression | undefined,
  scope: Scope,
): Bound {
  const last = otherwise === undefined ? undefined : bindExpression(otherwise, scope);
  const { type, branches, choice } = united(
    last === undefined ? results : [...results, last],
    scope,
    bindErrors.caseAllNull,
  );
  const fallback = last === undefined ? undefined : branches.at(-1);
  const nullable = last === undefined || last.nullable || results.some((result) => result.nullable);
  const evaluate = (frame: Frame): SqlValue => {
    for (let index = 0; index < tests.length; index += 1)
      if ((tests[index] as (frame: Frame) => boolean | null)(frame) === true)
        return (branches[index] as Evaluate)(frame);
    return fallback === undefined ? null : fallback(frame);
  };
  return { ...plainBound(type, evaluate, nullable), ...choice };
}

function coalesce(expression: CoalesceExpression, scope: Scope): Bound {
  const bounds = expression.args.map((argument) => bindExpression(argument, scope));
  const { type, branches, choice } = united(bounds, scope, bindErrors.coalesceAllNull);
  const evaluate = (frame: Frame): SqlValue => {
    for (const branch of branches) {
      const value = branch(frame);
      if (value !== null) return value;
    }
    return null;
  };
  return {
    ...plainBound(
      type,
      evaluate,
      bounds.every((bound) => bound.nullable),
    ),
    ...choice,
  };
}

function nullIf(expression: NullIfExpression, scope: Scope): Bound {
  const left = bindExpression(expression.left, scope);
  if (left.isNull) throw bindErrors.nullifFirst();
  const equal = comparison("=", left, bindExpression(expression.right, scope), scope.environment);
  return {
    ...left,
    constant: undefined,
    nullable: true,
    evaluate: (frame) => (equal(frame) === true ? null : left.evaluate(frame)),
  };
}

function subquery(expression: SubqueryExpression, scope: Scope): Bound {
  const plan = bindQuery(expression.query, scope, { subquery: true });
  const [only, second] = plan.columns;
  if (only === undefined || second !== undefined) throw bindErrors.oneExpression();
  const values = subqueryValues(plan);
  const evaluate = (frame: Frame): SqlValue => {
    const rows = values(frame);
    const first = rows.next();
    if (first.done === true) return null;
    if (rows.next().done !== true) throw runErrors.subqueryMany();
    return first.value;
  };
  let kept: { readonly value: SqlValue } | undefined;
  const once = (frame: Frame): SqlValue => (kept ??= { value: evaluate(frame) }).value;
  return {
    ...plainBound(only.type, plan.correlated ? evaluate : once),
    collation: plan.collations[0] ?? collationOf("database_default"),
    coercibility: isCharacter(only.type) ? "implicit" : "default",
  };
}

/** Binds an expression that must be of a type a caller asks for. */
export function bindConverted(expression: Expression, type: SqlType, scope: Scope): Evaluate {
  return converted(bindExpression(expression, scope), type, scope.environment);
}
