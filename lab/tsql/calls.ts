/** Binds function calls: built-in functions, aggregates, window functions, functions of the server. */
import { aggregateOf, distinctOf, isAggregateName } from "./aggregates";
import type { Expression, FunctionCall } from "./ast";
import { orNull } from "./bound-values";
import { checkConversion } from "./conversion";
import { bindExpression } from "./expressions";
import type { BoundArgument, BuiltInFunction, FunctionTable } from "./function-binding";
import { CHARACTER_FUNCTIONS } from "./functions-character";
import { DATE_FUNCTIONS } from "./functions-date";
import { MATH_FUNCTIONS } from "./functions-math";
import { NAME_FUNCTIONS, nameParts } from "./functions-name";
import { STRING_FUNCTIONS } from "./functions-string";
import { SYSTEM_FUNCTIONS } from "./functions-system";
import { bindErrors } from "./language-errors";
import { plainBound, structuralKey, type Bound, type Scope, type WindowUse } from "./scope";
import { BIGINT, INT, isCharacter } from "./types";
import type { SqlType, SqlValue } from "./values";

const FUNCTIONS: FunctionTable = {
  ...STRING_FUNCTIONS,
  ...CHARACTER_FUNCTIONS,
  ...NAME_FUNCTIONS,
  ...MATH_FUNCTIONS,
  ...DATE_FUNCTIONS,
  ...SYSTEM_FUNCTIONS,
};
const RANKING = new Set(["ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE"]);

/** Binds a call. @throws BindError 174, 189, 195, 4121, 147, 130, 4108 */
export function bindCall(call: FunctionCall, scope: Scope): Bound {
  const name = call.name.name.toUpperCase();
  if (call.name.schema === undefined) {
    if (call.over !== undefined) return windowFunction(call, name, scope);
    if (isAggregateName(name)) return aggregate(call, name, scope);
    if (RANKING.has(name)) throw bindErrors.notFunctionWithOver(call.name.name);
    const builtIn = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (builtIn !== undefined && (builtIn.since ?? 0) <= scope.environment.host.version.major)
      return builtInCall(builtIn, call, name, scope);
  }
  return serverFunction(call, scope);
}

function argumentsOf(call: FunctionCall, scope: Scope): Bound[] {
  // CHECKSUM(*) and BINARY_CHECKSUM(*) take every column of the sources.
  if (!call.star) return call.args.map((argument) => bindExpression(argument, scope));
  return scope.sources.flatMap((source) =>
    source.columns.map((column) =>
      bindExpression({ kind: "column", table: { name: source.name.name }, name: column.name }, scope),
    ),
  );
}

function checkCount(name: string, given: number, least: number, most: number): void {
  if (given >= least && given <= most) return;
  throw least === most
    ? bindErrors.functionArguments(name.toLowerCase(), String(least))
    : bindErrors.functionArgumentRange(name.toLowerCase(), least, most);
}

function builtInCall(builtIn: BuiltInFunction, call: FunctionCall, name: string, scope: Scope): Bound {
  const bounds = argumentsOf(call, scope);
  checkCount(name, bounds.length, builtIn.least, builtIn.most);
  const args: BoundArgument[] = bounds.map(({ type, isNull, constant, collation }) => ({
    type,
    isNull,
    constant,
    collation,
  }));
  const bound = builtIn.bind(args, scope.environment.functions, name);
  const evaluators = bounds.map(({ evaluate }) => evaluate);
  const strict = builtIn.nullable !== true;
  const first = bounds.find((argument) => isCharacter(argument.type) && !argument.isNull);
  const collated =
    isCharacter(bound.type) && first !== undefined
      ? { collation: first.collation, coercibility: first.coercibility }
      : {};
  const evaluate: Bound["evaluate"] = (frame) => {
    const values: SqlValue[] = [];
    for (const evaluator of evaluators) {
      const value = evaluator(frame);
      if (value === null && strict) return null;
      values.push(value);
    }
    return bound.call(values);
  };
  const nullable =
    name === "ISNULL"
      ? bounds.every((argument) => argument.nullable)
      : bounds.some((argument) => argument.nullable) || bounds.length === 0;
  return { ...plainBound(bound.type, orNull(evaluate, scope.environment), nullable), ...collated };
}

/** OBJECT_ID of a temporary table is the language's to answer; undefined: some other object. */
function temporaryObjectId(value: SqlValue, scope: Scope): number | null | undefined {
  const name = typeof value === "string" ? nameParts(value)?.at(-1) : undefined;
  return name?.startsWith("#") === true ? (scope.environment.temporaryTableId(name) ?? null) : undefined;
}

function objectId(call: FunctionCall, scope: Scope): Bound {
  const bounds = argumentsOf(call, scope);
  checkCount("OBJECT_ID", bounds.length, 1, 2);
  const server = scope.environment.host.scalarFunction(call.name);
  return plainBound(INT, (frame) => {
    const values = bounds.map(({ evaluate }) => evaluate(frame));
    const own = temporaryObjectId(values[0] as SqlValue, scope);
    return own === undefined ? (server?.call(values) ?? null) : own;
  });
}

function serverFunction(call: FunctionCall, scope: Scope): Bound {
  const { name } = call;
  if (name.schema === undefined && name.name.toUpperCase() === "OBJECT_ID") return objectId(call, scope);
  const found = scope.environment.host.scalarFunction(name);
  if (found === undefined) {
    if (name.schema === undefined) throw bindErrors.unknownFunction(name.name);
    throw bindErrors.unknownObjectFunction(
      [name.database, name.schema, name.name].filter((part) => part !== undefined).join("."),
    );
  }
  const bounds = argumentsOf(call, scope);
  const evaluators = bounds.map(({ evaluate }) => evaluate);
  return plainBound(found.type(bounds.map(({ type }) => type)), (frame) =>
    found.call(evaluators.map((evaluator) => evaluator(frame))),
  );
}

/** Binds the argument of an aggregate: it sees rows, not groups. */
function aggregateArgument(argument: Expression, scope: Scope): Bound {
  if (scope.insideAggregate) throw bindErrors.aggregateNested();
  scope.insideAggregate = true;
  try {
    return bindExpression(argument, scope);
  } finally {
    scope.insideAggregate = false;
  }
}

function aggregateDefinition(
  call: FunctionCall,
  name: string,
  argument: Bound | undefined,
): ReturnType<typeof aggregateOf> {
  const type: SqlType = argument === undefined ? INT : argument.type;
  if (argument?.isNull === true && !name.startsWith("COUNT"))
    throw bindErrors.operandInvalid({ name: "int" }, name.toLowerCase());
  const plain = aggregateOf(name, type, argument?.collation ?? plainBound(INT, () => null).collation);
  return call.distinct && argument !== undefined ? distinctOf(plain, type, argument.collation) : plain;
}

function aggregate(call: FunctionCall, name: string, scope: Scope): Bound {
  if (scope.insideAggregate) throw bindErrors.aggregateNested();
  if (!scope.grouped || scope.grouping === undefined) throw bindErrors.aggregateInWhere();
  checkCount(name, call.star ? 1 : call.args.length, 1, 1);
  const { grouping } = scope;
  const key = structuralKey(call, scope);
  const first = call.args[0];
  const argument = first === undefined ? undefined : aggregateArgument(first, scope);
  const definition = aggregateDefinition(call, name, argument);
  let at = grouping.aggregates.findIndex((use) => use.key === key);
  if (at < 0) at = grouping.aggregates.push({ key, aggregate: definition, argument: argument?.evaluate }) - 1;
  const index = grouping.keys.length + at;
  const extreme = name === "MIN" || name === "MAX";
  const collated =
    extreme && argument !== undefined ? { collation: argument.collation, coercibility: argument.coercibility } : {};
  return {
    ...plainBound(definition.type, (frame) => frame.group[index] as SqlValue, !name.startsWith("COUNT")),
    ...collated,
  };
}

function windowFunction(call: FunctionCall, name: string, scope: Scope): Bound {
  const { over } = call;
  if (over === undefined || scope.windows === undefined || scope.insideAggregate) throw bindErrors.windowPlace();
  const ranking = RANKING.has(name);
  if (!ranking && !isAggregateName(name)) throw bindErrors.unknownFunction(call.name.name);
  if (ranking && over.orderBy.length === 0) throw bindErrors.windowNeedsOrder(call.name.name);
  checkCount(
    name,
    call.star ? 1 : call.args.length,
    ranking && name !== "NTILE" ? 0 : 1,
    ranking && name !== "NTILE" ? 0 : 1,
  );
  const first = call.args[0];
  const argument = first === undefined ? undefined : bindExpression(first, scope);
  const definition = ranking ? undefined : aggregateDefinition(call, name, argument);
  if (argument !== undefined && ranking) checkConversion(argument.type, BIGINT, false);
  const use: WindowUse = {
    key: structuralKey(call, scope),
    type: definition?.type ?? BIGINT,
    partitionBy: over.partitionBy.map((item) => bindExpression(item, scope)),
    orderBy: over.orderBy.map((item) => ({
      bound: bindExpression(item.expression, scope),
      descending: item.descending,
    })),
    kind: ranking ? (name as "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "NTILE") : "aggregate",
    ...(definition === undefined ? {} : { aggregate: definition }),
    ...(argument === undefined ? {} : { argument }),
  };
  const { windows } = scope;
  let at = windows.findIndex((other) => other.key === use.key);
  if (at < 0) at = windows.push(use) - 1;
  return plainBound(use.type, (frame) => frame.windows[at] as SqlValue, !ranking && !name.startsWith("COUNT"));
}
