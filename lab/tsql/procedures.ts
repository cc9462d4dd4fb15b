/** EXEC: arguments bound to parameters, procedures of the server, and those that the language is itself. */
import type { ExecuteStatement } from "./ast";
import { BatchEnd, Raised } from "./control-flow";
import { checkConversion, convertValue } from "./conversion";
import { SqlError } from "./errors";
import type { ExecutionScope } from "./execution-scope";
import { nameParts } from "./functions-name";
import type { NativeProcedure, ObjectName, ProcedureParameter } from "./host";
import { bindErrors, runErrors } from "./language-errors";
import type { ResultSink } from "./results";
import { runInner } from "./scope-runner";
import { executeStatementProcedure, isStatementProcedure } from "./statement-procedures";
import { NVARCHAR_MAX } from "./types";
import type { SqlType, SqlValue } from "./values";

/** An argument as the caller gives it. */
export interface GivenArgument {
  /** "" by position. */
  readonly name: string;
  readonly type: SqlType;
  readonly value: SqlValue;
  readonly output: boolean;
  /** The word DEFAULT. */
  readonly isDefault: boolean;
}

export interface CallResult {
  readonly returnCode: number;
  /** Values handed back, by the position of the argument. */
  readonly outputs: ReadonlyMap<number, { readonly type: SqlType; readonly value: SqlValue }>;
}

/** Runs EXEC name. Values of OUTPUT arguments and the return code go to the caller's variables. */
export async function executeProcedure(
  statement: ExecuteStatement,
  scope: ExecutionScope,
  sink: ResultSink = scope.sink,
): Promise<void> {
  const name =
    statement.procedure.kind === "name"
      ? statement.procedure.name
      : nameOf(scope.evaluateAs(statement.procedure, NVARCHAR_MAX));
  const args = statement.args.map((argument): GivenArgument => {
    const own = argument.name ?? "";
    if (argument.value.kind === "default")
      return { name: own, type: NVARCHAR_MAX, value: null, output: argument.output, isDefault: true };
    const bound = scope.bind(argument.value);
    return {
      name: own,
      type: bound.type,
      value: scope.evaluate(argument.value),
      output: argument.output,
      isDefault: false,
    };
  });
  const result = await callProcedure(name, args, scope, sink);
  for (const [index, output] of result.outputs) {
    const target = statement.args[index];
    if (target?.output !== true || target.value.kind !== "variable") continue;
    const variable = scope.variable(target.value.name);
    variable.value = convertValue(output.value, output.type, variable.type);
  }
  if (statement.returnVariable !== undefined) {
    const variable = scope.variable(statement.returnVariable);
    variable.value = convertValue(result.returnCode, { name: "int" }, variable.type);
  }
}

/** Runs EXEC ('text'). */
export async function executeText(text: string, scope: ExecutionScope, sink: ResultSink = scope.sink): Promise<void> {
  scope.state.error = 0;
  await runInner(text, scope, sink, () => undefined);
}

/** A name in a text, such as a variable of EXEC @name or the name of a remote call. @throws SqlError 2812 */
export function nameOf(value: SqlValue): ObjectName {
  const text = typeof value === "string" ? value : "";
  const parts = nameParts(text);
  const name = parts?.at(-1);
  if (parts === undefined || name === undefined || name === "") throw runErrors.unknownProcedure(text);
  const [schema, database, server] = parts.slice(0, -1).reverse();
  return {
    name,
    ...(schema === undefined ? {} : { schema }),
    ...(database === undefined ? {} : { database }),
    ...(server === undefined ? {} : { server }),
  };
}

/** Calls a procedure by its name. @throws SqlError 2812 and what binding its arguments says */
export async function callProcedure(
  name: ObjectName,
  args: readonly GivenArgument[],
  scope: ExecutionScope,
  sink: ResultSink,
): Promise<CallResult> {
  scope.state.error = 0;
  const native = isStatementProcedure(name.name) ? undefined : scope.host.procedure(name);
  if (native !== undefined) return callNative(native, args, scope, sink);
  if (isStatementProcedure(name.name)) return executeStatementProcedure(name.name.toLowerCase(), args, scope, sink);
  throw runErrors.unknownProcedure(
    [name.server, name.database, name.schema, name.name].filter((part) => part !== undefined).join("."),
  );
}

interface BoundArguments {
  readonly values: ReadonlyMap<string, SqlValue>;
  readonly given: ReadonlySet<string>;
  /** Parameter of each argument. */
  readonly parameters: readonly ProcedureParameter[];
}

/** @throws SqlError 119, 201, 8143, 8144, 8145, 8162, 8114 */
function bindArguments(
  procedure: NativeProcedure,
  args: readonly GivenArgument[],
  scope: ExecutionScope,
): BoundArguments {
  const values = new Map<string, SqlValue>();
  const given = new Set<string>();
  let named = false;
  const parameters = args.map((argument, index) => {
    if (argument.name === "" && named) throw bindErrors.positionalAfterNamed(index + 1);
    named ||= argument.name !== "";
    const parameter =
      argument.name === ""
        ? procedure.parameters[index]
        : procedure.parameters.find((own) => own.name.toLowerCase() === argument.name.toLowerCase());
    if (parameter === undefined)
      throw argument.name === ""
        ? runErrors.tooManyArguments(procedure.name)
        : runErrors.notAParameter(argument.name, procedure.name);
    const key = parameter.name.toLowerCase();
    if (given.has(key)) throw runErrors.parameterTwice(parameter.name);
    if (argument.output && parameter.output !== true) throw runErrors.notOutput(parameter.name);
    if (argument.isDefault) return parameter;
    given.add(key);
    values.set(key, toParameter(argument, parameter.type, scope));
    return parameter;
  });
  for (const parameter of procedure.parameters) {
    const key = parameter.name.toLowerCase();
    if (values.has(key)) continue;
    if (parameter.default === undefined && parameter.output !== true)
      throw runErrors.parameterMissing(procedure.name, parameter.name);
    if (parameter.default === undefined && !args.some((argument) => argument.name.toLowerCase() === key))
      throw runErrors.parameterMissing(procedure.name, parameter.name);
    values.set(key, parameter.default ?? null);
  }
  return { values, given, parameters };
}

/** A value as the type of its parameter; what does not convert is 8114, not the conversion's own number. */
export function toParameter(argument: GivenArgument, type: SqlType, scope: ExecutionScope): SqlValue {
  if (argument.value === null) return null;
  checkConversion(argument.type, type, false);
  try {
    return convertValue(argument.value, argument.type, type, { dateFormat: scope.dateFormat() });
  } catch (error) {
    if (error instanceof SqlError && error.endsBatch) throw runErrors.convertingType(argument.type, type);
    throw error;
  }
}

async function callNative(
  procedure: NativeProcedure,
  args: readonly GivenArgument[],
  scope: ExecutionScope,
  sink: ResultSink,
): Promise<CallResult> {
  const bound = bindArguments(procedure, args, scope);
  const { state } = scope;
  try {
    const result = await procedure.execute({
      arguments: bound.values,
      given: bound.given,
      sink: procedureSink(procedure.name, scope, sink),
      signal: scope.options.signal,
    });
    const outputs = new Map<number, { readonly type: SqlType; readonly value: SqlValue }>();
    bound.parameters.forEach((parameter, index) => {
      if (args[index]?.output !== true) return;
      const key = [...(result.outputs?.keys() ?? [])].find((own) => own.toLowerCase() === parameter.name.toLowerCase());
      const value =
        key === undefined
          ? (bound.values.get(parameter.name.toLowerCase()) ?? null)
          : (result.outputs?.get(key) ?? null);
      outputs.set(index, { type: parameter.type, value });
    });
    return { returnCode: result.returnCode, outputs };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const last = error.followers.at(-1) ?? error;
    state.error = last.number;
    if (scope.inTry) {
      if (state.settings.xactAbort && state.transactions.count > 0) state.transactions.doomed = true;
      throw new Raised(error, 1, procedure.name, undefined);
    }
    for (const message of error.messages(1, procedure.name)) sink.message(message);
    if (state.settings.xactAbort || error.number === 1205) {
      sink.done({ command: 0xe0, error: true });
      if (state.transactions.count > 0) state.transactions.rollback("", sink);
      throw new BatchEnd();
    }
    // A system procedure that fails returns 1.
    return { returnCode: 1, outputs: new Map() };
  }
}

/** Messages of a procedure carry its name; an error inside of TRY goes to the CATCH at once. */
function procedureSink(procedure: string, scope: ExecutionScope, sink: ResultSink): ResultSink {
  return {
    columns: (columns) => {
      sink.columns(columns);
    },
    row: (row) => sink.row(row),
    message: (message) => {
      const named = message.procedure === "" ? { ...message, procedure } : message;
      if (message.class > 10) {
        scope.state.error = message.number;
        if (scope.inTry && message.class < 20)
          throw new Raised(
            new SqlError(message.number, message.class, message.text, { state: message.state }),
            message.line,
            named.procedure,
            undefined,
          );
      }
      sink.message(named);
    },
    done: (done) => {
      sink.done(done);
    },
    environment: (change) => {
      sink.environment(change);
    },
    ready: () => sink.ready?.(),
  };
}
