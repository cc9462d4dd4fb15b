/** Expressions: what an expression is worth in a frame. */
import type { Expression, Statement } from "./ast";
import { enumerate, toBoolean, toNumber, toText } from "./conversions";
import {
  CmdletFailure,
  DotNetException,
  ErrorRecord,
  ExceptionObject,
  type Extent,
  TerminatingError,
  dotNetError,
  runtimeFailure,
  toRecord,
} from "./error-record";
import type { Interpreter } from "./interpreter";
import { findMethod, getIndex, getMember, methodNotFound, setIndex, setMember, typeObject } from "./members";
import { createObject } from "./object-factory";
import { binary, unary } from "./operators";
import { type Scope, ScriptBlock } from "./session";
import { ExitSignal, collect } from "./signals";
import { convertTo, findType, isOfType } from "./static-types";
import { CustomObject, Hashtable, type Value, isNull } from "./values";
import { WindowsError } from "../windows/files";

/** Where a statement runs. */
export interface Frame {
  readonly scope: Scope;
  /** Somebody up the stack catches: errors of statements leave instead of being reported. */
  readonly caught: boolean;
  /** Takes errors that were not caught: standard error, or where a redirection sends them. */
  readonly report: (record: ErrorRecord) => void;
}

/** Value of an expression. Throws TerminatingError with the expression's place. */
export async function evaluate(interpreter: Interpreter, expression: Expression, frame: Frame): Promise<Value> {
  try {
    return await valueOf(interpreter, expression, frame);
  } catch (error) {
    throw placed(error, expression.extent);
  }
}

/** Gives an error without a place the one of the expression or statement that it comes from. */
export function placed(error: unknown, extent: Extent): unknown {
  if (!(error instanceof CmdletFailure)) return error;
  return new TerminatingError(toRecord(error.data, { command: "", extent }), false);
}

async function valueOf(interpreter: Interpreter, expression: Expression, frame: Frame): Promise<Value> {
  const { session } = interpreter;
  const value = (inner: Expression): Promise<Value> => evaluate(interpreter, inner, frame);
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "variable":
      return session.read(expression.name, frame.scope);
    case "expandable": {
      let text = "";
      for (const part of expression.parts) text += typeof part === "string" ? part : toText(await value(part));
      return text;
    }
    case "array": {
      const items: Value[] = [];
      for (const item of expression.items) items.push((await value(item)) ?? null);
      return items;
    }
    case "array-expression": {
      const only = expression.body.length === 1 ? pureExpression(expression.body[0] as Statement) : undefined;
      if (only !== undefined) return [...enumerate(await value(only))];
      return collect(interpreter.statements(expression.body, frame));
    }
    case "sub-expression": {
      const items = await collect(interpreter.statements(expression.body, frame));
      return items.length === 1 ? items[0] : items.length === 0 ? undefined : items;
    }
    case "parenthesized":
      return interpreter.valueOf(expression.body, frame);
    case "hashtable": {
      const table = new Hashtable();
      for (const [key, entry] of expression.entries) {
        const name = toText(await value(key));
        if (table.has(name))
          throw runtimeFailure(
            "DuplicateKeyInHashLiteral",
            `Duplicate keys '${name}' are not allowed in hash literals.`,
          );
        table.set(name, (await interpreter.valueOf(entry, frame)) ?? null);
      }
      return table;
    }
    case "script-block":
      return new ScriptBlock(expression.block);
    case "type":
      return typeObject(findType(expression.name).fullName);
    case "cast":
      return cast(await value(expression.operand), expression.type);
    case "member":
      return member(interpreter, expression, frame);
    case "invoke":
      return invoke(interpreter, expression, frame);
    case "index":
      return getIndex(await value(expression.target), await value(expression.index));
    case "unary":
      return unary(expression.operator, await value(expression.operand));
    case "increment": {
      const before = toNumber(await value(expression.operand));
      await assign(interpreter, expression.operand, before + expression.by, frame);
      return expression.prefix ? before + expression.by : before;
    }
    case "binary":
      return binaryValue(interpreter, expression, frame);
  }
}

/** The expression that a statement consists of, if it is nothing else. */
export function pureExpression(statement: Statement): Expression | undefined {
  if (statement.kind !== "pipeline" || statement.stages.length !== 1) return undefined;
  const [stage] = statement.stages;
  return stage?.kind === "expression" && stage.redirections.length === 0 ? stage.expression : undefined;
}

function cast(value: Value, type: string): Value {
  // A hashtable literal keeps its order under these two (about_Hash_Tables).
  if (type.toLowerCase() === "ordered" && value instanceof Hashtable) return new Hashtable(value.entries(), true);
  return convertTo(type, value);
}

async function binaryValue(
  interpreter: Interpreter,
  { operator, left, right }: Expression & { kind: "binary" },
  frame: Frame,
): Promise<Value> {
  const first = await evaluate(interpreter, left, frame);
  switch (operator) {
    case "-and":
      return toBoolean(first) && toBoolean(await evaluate(interpreter, right, frame));
    case "-or":
      return toBoolean(first) || toBoolean(await evaluate(interpreter, right, frame));
    case "-xor":
      return toBoolean(first) !== toBoolean(await evaluate(interpreter, right, frame));
    case "-is":
    case "-isnot":
    case "-as": {
      const name = right.kind === "type" ? right.name : toText(await evaluate(interpreter, right, frame));
      if (operator !== "-as") return isOfType(first, name) === (operator === "-is");
      try {
        return convertTo(name, first);
      } catch (error) {
        if (error instanceof CmdletFailure && error.data.errorId !== "TypeNotFound") return null;
        throw error;
      }
    }
    default: {
      const second = await evaluate(interpreter, right, frame);
      return binary(operator, first, second, {
        matches: (groups) => frame.scope.variables.set("matches", groups),
      });
    }
  }
}

async function member(
  interpreter: Interpreter,
  expression: Expression & { kind: "member" },
  frame: Frame,
): Promise<Value> {
  const name = toText(await evaluate(interpreter, expression.name, frame));
  if (!expression.static) return getMember(await evaluate(interpreter, expression.target, frame), name);
  const type = findType(await typeNameOf(interpreter, expression.target, frame));
  return type.properties?.[name.toLowerCase()]?.(interpreter.session) ?? null;
}

async function typeNameOf(interpreter: Interpreter, target: Expression, frame: Frame): Promise<string> {
  if (target.kind === "type") return target.name;
  const value = await evaluate(interpreter, target, frame);
  return value instanceof CustomObject && value.typeNames[0] === "System.RuntimeType" ? toText(value) : toText(value);
}

async function invoke(
  interpreter: Interpreter,
  expression: Expression & { kind: "invoke" },
  frame: Frame,
): Promise<Value> {
  const name = toText(await evaluate(interpreter, expression.name, frame));
  const typeName = expression.static ? await typeNameOf(interpreter, expression.target, frame) : "";
  const target = expression.static ? null : await evaluate(interpreter, expression.target, frame);
  const args: Value[] = [];
  for (const argument of expression.args) args.push(await evaluate(interpreter, argument, frame));
  try {
    return await (expression.static
      ? invokeStatic(interpreter, typeName, name, args)
      : invokeOn(interpreter, target, name, args, frame));
  } catch (error) {
    throw calling(error, name, args.length, expression.extent);
  }
}

async function invokeStatic(interpreter: Interpreter, typeName: string, name: string, args: Value[]): Promise<Value> {
  const { session } = interpreter;
  const lower = name.toLowerCase();
  if (lower === "new") return createObject(typeName, args, session);
  const type = findType(typeName);
  if (type.fullName === "System.Environment" && lower === "exit") throw new ExitSignal(toNumber(args[0] ?? 0));
  const method = type.methods?.[lower];
  if (method === undefined)
    throw runtimeFailure(
      "MethodNotFound",
      `Method invocation failed because [${type.fullName}] does not contain a method named '${name}'.`,
      name,
      "String",
    );
  return method(args, session);
}

async function invokeOn(
  interpreter: Interpreter,
  target: Value,
  name: string,
  args: Value[],
  frame: Frame,
): Promise<Value> {
  if (target instanceof ScriptBlock && ["invoke", "invokereturnasis"].includes(name.toLowerCase()))
    return collect(interpreter.invokeBlock(target, args, frame));
  const method = findMethod(target, name);
  if (method !== undefined) return method(args);
  // Methods are called on the items of a list that has none of that name itself.
  if (Array.isArray(target) && target.length > 0) {
    const results: Value[] = [];
    for (const item of target) results.push(...enumerate(await invokeOn(interpreter, item, name, args, frame)));
    return results;
  }
  throw methodNotFound(target, name);
}

/** Exceptions of .NET methods arrive wrapped in a MethodInvocationException. */
function calling(error: unknown, name: string, count: number, extent: Extent): unknown {
  const inner =
    error instanceof DotNetException
      ? error.exception
      : error instanceof WindowsError
        ? dotNetError("System.IO.IOException", error.message).exception
        : undefined;
  if (inner === undefined) return error;
  const exception = new ExceptionObject(
    "System.Management.Automation.MethodInvocationException",
    `Exception calling "${name}" with "${String(count)}" argument(s): "${inner.message}"`,
    inner,
  );
  const id = (inner.typeNames[0] as string).split(".").at(-1) as string;
  return new TerminatingError(new ErrorRecord(exception, id, "NotSpecified", "", "", { command: "", extent }), false);
}

/** Assigns to a variable, member, item, or to several variables at once. */
export async function assign(interpreter: Interpreter, target: Expression, value: Value, frame: Frame): Promise<void> {
  const { session } = interpreter;
  switch (target.kind) {
    case "variable":
      if (!session.assign(target.name, value, frame.scope))
        throw runtimeFailure(
          "VariableNotWritable",
          `Cannot overwrite variable ${target.name} because it is read-only or constant.`,
          target.name,
          "String",
        );
      return;
    case "cast":
      return assign(interpreter, target.operand, convertTo(target.type, value), frame);
    case "parenthesized": {
      const inner = pureExpression(target.body);
      if (inner !== undefined) return assign(interpreter, inner, value, frame);
      break;
    }
    case "array": {
      const items = enumerate(value);
      for (const [index, one] of target.items.entries()) {
        const rest = items.slice(index);
        const last = index === target.items.length - 1 && rest.length > 1;
        await assign(interpreter, one, last ? [...rest] : (rest[0] ?? null), frame);
      }
      return;
    }
    case "member": {
      const name = toText(await evaluate(interpreter, target.name, frame));
      if (!target.static) return setMember(await evaluate(interpreter, target.target, frame), name, value);
      const type = findType(await typeNameOf(interpreter, target.target, frame));
      if (type.settable?.includes(name.toLowerCase()) === true) return;
      throw runtimeFailure(
        "PropertyAssignmentException",
        `The property '${name}' cannot be found on this object. Verify that the property exists and can be set.`,
      );
    }
    case "index":
      return setIndex(
        await evaluate(interpreter, target.target, frame),
        await evaluate(interpreter, target.index, frame),
        value,
      );
    default:
  }
  throw runtimeFailure(
    "InvalidLeftHandSide",
    "The assignment expression is not valid. The input to an assignment operator must be an object that is able to accept assignments, such as a variable or a property.",
  );
}

/** Value of `target op= value`. */
export async function assigned(
  interpreter: Interpreter,
  target: Expression,
  operator: string,
  value: Value,
  frame: Frame,
): Promise<Value> {
  if (operator === "=") return value;
  const before = await evaluate(interpreter, target, frame);
  if (operator === "+=" && isNull(before)) return value;
  return binary(operator.slice(0, -1), before, value, { matches: () => undefined });
}
