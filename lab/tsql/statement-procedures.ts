/**
 * sp_executesql and the procedures by which drivers prepare statements: sp_prepare, sp_execute, sp_prepexec,
 * sp_prepexecrpc, sp_unprepare. Sources: "sp_executesql (Transact-SQL)", "sp_prepare", "sp_prepexec"; MS-TDS 2.2.6.6.
 */
import type { Expression } from "./ast";
import { convertValue } from "./conversion";
import { SqlError } from "./errors";
import type { ExecutionScope } from "./execution-scope";
import { runErrors } from "./language-errors";
import { parse } from "./parser";
import { callProcedure, nameOf, toParameter, type CallResult, type GivenArgument } from "./procedures";
import type { ResultSink } from "./results";
import { runInner } from "./scope-runner";
import { INT, isUnicode } from "./types";
import type { SqlType, SqlValue } from "./values";

const NAMES = new Set(["sp_executesql", "sp_prepare", "sp_execute", "sp_prepexec", "sp_prepexecrpc", "sp_unprepare"]);

/** True for the procedures of this file, whatever database and schema stand before them. */
export function isStatementProcedure(name: string): boolean {
  return NAMES.has(name.toLowerCase());
}

interface DeclaredParameter {
  readonly name: string;
  readonly type: SqlType;
  readonly output: boolean;
  readonly default: Expression | undefined;
}

/** Splits at commas that stand outside of parentheses and quotes. */
function splitDeclarations(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "'") quoted = !quoted;
    else if (!quoted && character === "(") depth += 1;
    else if (!quoted && character === ")") depth -= 1;
    else if (!quoted && depth === 0 && character === ",") {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/** Reads `@a int, @b nvarchar(10) OUTPUT`. @throws ParseError, SqlError 102 */
function parseDeclarations(text: string, scope: ExecutionScope): DeclaredParameter[] {
  return splitDeclarations(text).map((part) => {
    const direction = /\s+(?:OUTPUT|OUT|READONLY)\s*$/i.exec(part);
    const declaration = direction === null ? part : part.slice(0, direction.index);
    const [statement] = parse(`DECLARE ${declaration}`, scope.host.version).statements;
    const [declared] = statement?.kind === "declare" ? statement.declarations : [];
    if (declared?.kind !== "scalar") throw new SqlError(102, 15, `Incorrect syntax near '${part}'.`);
    return {
      name: declared.name,
      type: declared.type,
      output: direction !== null && !/READONLY/i.test(direction[0]),
      default: declared.value,
    };
  });
}

/** Argument for one of the procedure's own parameters: the next by position, or by one of its names. */
function take(args: readonly GivenArgument[], position: number, names: readonly string[]): GivenArgument | undefined {
  const positional = args[position];
  if (positional?.name === "") return positional;
  return args.find((argument) => names.includes(argument.name.toLowerCase()));
}

/** @throws SqlError 214 */
function textOf(argument: GivenArgument | undefined, parameter: string): string {
  if (argument === undefined || (argument.value !== null && !isUnicode(argument.type)))
    throw runErrors.procedureExpects(parameter, "ntext/nchar/nvarchar");
  return typeof argument.value === "string" ? argument.value : "";
}

const NO_OUTPUTS: CallResult["outputs"] = new Map();

/** Runs one of the procedures. `name` in lower case. */
export async function executeStatementProcedure(
  name: string,
  args: readonly GivenArgument[],
  scope: ExecutionScope,
  sink: ResultSink,
): Promise<CallResult> {
  const { state } = scope;
  switch (name) {
    case "sp_executesql": {
      const statement = take(args, 0, ["@stmt", "@statement"]);
      if (statement === undefined) throw runErrors.parameterMissing("sp_executesql", "@statement");
      const parameters = take(args, 1, ["@params", "@parameters", "@param"]);
      const text = textOf(statement, "@statement");
      return runStatement(
        text,
        parameters === undefined ? "" : textOf(parameters, "@parameters"),
        args,
        2,
        scope,
        sink,
      );
    }
    case "sp_prepare": {
      const handle = remember(
        scope,
        textOf(take(args, 1, ["@params"]), "@params"),
        textOf(take(args, 2, ["@stmt"]), "@stmt"),
      );
      return { returnCode: 0, outputs: new Map([[0, { type: INT, value: handle }]]) };
    }
    case "sp_prepexec":
    case "sp_prepexecrpc": {
      const parameters = name === "sp_prepexec" ? textOf(args[1], "@params") : "";
      const text = textOf(args[name === "sp_prepexec" ? 2 : 1], "@stmt");
      const handle = remember(scope, parameters, text);
      const result =
        name === "sp_prepexec"
          ? await runStatement(text, parameters, args, 3, scope, sink)
          : await callProcedure(nameOf(text), args.slice(2), scope, sink);
      return {
        returnCode: result.returnCode,
        outputs: new Map([[0, { type: INT, value: handle }], ...result.outputs]),
      };
    }
    case "sp_execute": {
      const handle = handleOf(args[0], scope);
      const prepared = state.prepared.get(handle);
      if (prepared === undefined) throw runErrors.preparedHandle(String(handle));
      return runStatement(prepared.text, prepared.parameters, args, 1, scope, sink);
    }
    default: {
      const handle = handleOf(args[0], scope);
      if (!state.prepared.delete(handle)) throw runErrors.preparedHandle(String(handle));
      return { returnCode: 0, outputs: NO_OUTPUTS };
    }
  }
}

function remember(scope: ExecutionScope, parameters: string, text: string): number {
  const handle = scope.state.nextHandle;
  scope.state.nextHandle += 1;
  scope.state.prepared.set(handle, { parameters, text });
  return handle;
}

function handleOf(argument: GivenArgument | undefined, scope: ExecutionScope): number {
  return argument === undefined ? -1 : Number(toParameter(argument, INT, scope) ?? -1);
}

/** Runs a text with its parameters in a scope of its own. @throws SqlError 8178, 8144, 8145 */
async function runStatement(
  text: string,
  parameters: string,
  args: readonly GivenArgument[],
  first: number,
  scope: ExecutionScope,
  sink: ResultSink,
): Promise<CallResult> {
  const declared = parseDeclarations(parameters, scope);
  const values = args.slice(first);
  const positions = new Map<string, number>();
  values.forEach((argument, index) => {
    const parameter =
      argument.name === ""
        ? declared[index]
        : declared.find((own) => own.name.toLowerCase() === argument.name.toLowerCase());
    if (parameter === undefined)
      throw argument.name === "" ? runErrors.tooManyArguments("") : runErrors.notAParameter(argument.name, "");
    positions.set(parameter.name.toLowerCase(), first + index);
  });
  const bound = declared.map((parameter): SqlValue => {
    const argument = args[positions.get(parameter.name.toLowerCase()) ?? -1];
    if (argument === undefined || argument.isDefault) {
      if (parameter.default !== undefined) return scope.evaluateAs(parameter.default, parameter.type);
      throw runErrors.parameterizedMissing(`(${parameters})${text}`.slice(0, 128), parameter.name);
    }
    if (argument.output && !parameter.output) throw runErrors.notOutput(parameter.name);
    return toParameter(argument, parameter.type, scope);
  });
  let inner: ExecutionScope | undefined;
  const result = await runInner(text, scope, sink, (own) => {
    inner = own;
    declared.forEach((parameter, index) =>
      own.variables.set(parameter.name.toLowerCase(), { type: parameter.type, value: bound[index] as SqlValue }),
    );
  });
  const outputs = new Map<number, { readonly type: SqlType; readonly value: SqlValue }>();
  for (const parameter of declared) {
    const position = positions.get(parameter.name.toLowerCase());
    const variable = inner?.variables.get(parameter.name.toLowerCase());
    if (position !== undefined && variable !== undefined && parameter.output && args[position]?.output === true)
      outputs.set(position, {
        type: parameter.type,
        value: convertValue(variable.value, variable.type, parameter.type),
      });
  }
  return { returnCode: result.returnCode, outputs };
}
