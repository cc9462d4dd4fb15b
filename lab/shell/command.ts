/** Running a command of a pipeline: finding it, evaluating its arguments, binding, redirections, errors. */
import type { CommandElement, CommandNode, Redirection } from "./ast";
import { type Argument, type Binding, bind } from "./binder";
import type { CmdletContext, CmdletDefinition } from "./cmdlet";
import { collapse, toText } from "./conversions";
import { CmdletFailure, type Extent, TerminatingError, failure, toRecord } from "./error-record";
import { type Frame, evaluate } from "./evaluator";
import type { Interpreter } from "./interpreter";
import { getMember } from "./members";
import { type FunctionValue, Scope, ScriptBlock } from "./session";
import { collect, streamOf } from "./signals";
import { Hashtable, type Value } from "./values";

/** Aliases that Windows PowerShell comes with ("about_Aliases"), as far as their cmdlets are here. */
const ALIASES: Record<string, string> = {
  "%": "ForEach-Object",
  foreach: "ForEach-Object",
  "?": "Where-Object",
  where: "Where-Object",
  select: "Select-Object",
  sort: "Sort-Object",
  measure: "Measure-Object",
  echo: "Write-Output",
  write: "Write-Output",
  gc: "Get-Content",
  cat: "Get-Content",
  type: "Get-Content",
  gci: "Get-ChildItem",
  dir: "Get-ChildItem",
  ls: "Get-ChildItem",
  gi: "Get-Item",
  ri: "Remove-Item",
  rm: "Remove-Item",
  del: "Remove-Item",
  ni: "New-Item",
  sc: "Set-Content",
  ac: "Add-Content",
  sleep: "Start-Sleep",
  nsn: "New-PSSession",
  gsn: "Get-PSSession",
  rsn: "Remove-PSSession",
  ipsn: "Import-PSSession",
  ft: "Format-Table",
  fl: "Format-List",
};

/** Runs one stage of a pipeline. @param input what stands before it; undefined = it is the first */
export async function* runCommand(
  interpreter: Interpreter,
  node: CommandNode,
  input: AsyncIterable<Value> | undefined,
  frame: Frame,
): AsyncGenerator<Value, void> {
  const merged: Value[] = [];
  const inner = redirected(frame, node.redirections, merged);
  const output = node.redirections.find(({ from, to }) => (from === "1" || from === "*") && to !== "output");
  const stream = dispatch(interpreter, node, input, inner);
  if (output !== undefined) {
    const items = await collect(stream);
    if (output.to === "file")
      throw new TerminatingError(toRecord(noRedirection().data, { command: "", extent: node.extent }), false);
    // `>$null` throws away what was collected.
    items.length = 0;
  } else
    for await (const item of stream) {
      yield* merged.splice(0);
      yield item;
    }
  yield* merged.splice(0);
}

function noRedirection(): CmdletFailure {
  return failure(
    "RedirectionNotSupported",
    "NotImplemented",
    "System.Management.Automation.PSNotSupportedException",
    "Redirection to a file is not supported here. Use Set-Content.",
  );
}

function redirected(frame: Frame, redirections: readonly Redirection[], merged: Value[]): Frame {
  const errors = redirections.find(({ from }) => from === "2" || from === "*");
  if (errors === undefined) return frame;
  if (errors.to === "output") return { ...frame, report: (record) => void merged.push(record) };
  return { ...frame, report: () => undefined };
}

async function* dispatch(
  interpreter: Interpreter,
  node: CommandNode,
  input: AsyncIterable<Value> | undefined,
  frame: Frame,
): AsyncGenerator<Value, void> {
  const named = await evaluate(interpreter, node.name, frame);
  if (named instanceof ScriptBlock) {
    const args = await evaluateArguments(interpreter, node.elements, frame);
    const scope = node.invocation === "." ? frame.scope : new Scope(frame.scope);
    return yield* interpreter.invokeNode(named.node, "", args, input, { ...frame, scope });
  }
  const name = toText(named);
  const known = ALIASES[name.toLowerCase()] ?? name;
  const callable = frame.scope.findFunction(known.toLowerCase());
  if (callable !== undefined) return yield* callFunction(interpreter, callable, node, input, frame);
  const cmdlet = interpreter.session.cmdlets.find(known);
  if (cmdlet === undefined) throw commandNotFound(name, node.extent);
  yield* runCmdlet(interpreter, cmdlet, node, input, frame);
}

function commandNotFound(name: string, extent: Extent): TerminatingError {
  const data = {
    message: `The term '${name}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.`,
    exceptionType: "System.Management.Automation.CommandNotFoundException",
    errorId: "CommandNotFoundException",
    category: "ObjectNotFound",
    targetName: name,
    targetType: "String",
    terminating: true,
  };
  const whole = { ...extent, end: Math.min(extent.end, extent.start + name.length) };
  return new TerminatingError(toRecord(data, { command: name, activity: "", extent: whole }, undefined, name), false);
}

async function evaluateArguments(
  interpreter: Interpreter,
  elements: readonly CommandElement[],
  frame: Frame,
): Promise<Argument[]> {
  const args: Argument[] = [];
  for (const element of elements) {
    if (element.kind === "argument")
      args.push({ colon: false, bare: false, value: await evaluate(interpreter, element.value, frame) });
    else if (element.kind === "parameter") {
      const value = element.argument === undefined ? undefined : await evaluate(interpreter, element.argument, frame);
      args.push({
        name: element.name,
        colon: element.argument !== undefined,
        bare: element.argument === undefined,
        value,
      });
    } else args.push(...splatted(interpreter.session.read(element.name, frame.scope)));
  }
  return args;
}

/** @name: a hashtable gives parameters, a list gives positional arguments (about_Splatting). */
function splatted(value: Value): Argument[] {
  if (value instanceof Hashtable)
    return value.entries().map(([name, one]) => ({ name, colon: true, bare: false, value: one }));
  return (Array.isArray(value) ? value : [value]).map((one) => ({ colon: false, bare: false, value: one }));
}

async function* callFunction(
  interpreter: Interpreter,
  { name, block }: FunctionValue,
  node: CommandNode,
  input: AsyncIterable<Value> | undefined,
  frame: Frame,
): AsyncGenerator<Value, void> {
  const args = await evaluateArguments(interpreter, node.elements, frame);
  const scope = node.invocation === "." ? frame.scope : new Scope(frame.scope);
  try {
    yield* interpreter.invokeNode(block, name, args, input, { ...frame, scope });
  } catch (error) {
    if (!(error instanceof CmdletFailure)) throw error;
    throw new TerminatingError(toRecord(error.data, { command: name, extent: node.extent }, name), false);
  }
}

async function* runCmdlet(
  interpreter: Interpreter,
  cmdlet: CmdletDefinition,
  node: CommandNode,
  input: AsyncIterable<Value> | undefined,
  frame: Frame,
): AsyncGenerator<Value, void> {
  const { metadata } = cmdlet;
  const invocation = { command: metadata.name, extent: node.extent };
  const args = await evaluateArguments(interpreter, node.elements, frame);
  let binding: Binding | undefined;
  const action = (): string | undefined => binding?.bound.text("ErrorAction");
  const nonTerminating = (raised: CmdletFailure, target: Value = null): void => {
    const record = toRecord(raised.data, invocation, metadata.implementingType, target);
    const variable = binding?.bound.text("ErrorVariable");
    if (variable !== undefined) {
      const before = variable.startsWith("+") ? frame.scope.variables.get(variable.slice(1).toLowerCase()) : [];
      frame.scope.variables.set(variable.replace(/^\+/, "").toLowerCase(), [
        ...(Array.isArray(before) ? before : []),
        record,
      ]);
    }
    interpreter.nonTerminating(record, action(), frame);
  };
  try {
    binding = bind(metadata, args, input !== undefined);
    const context: CmdletContext = {
      session: interpreter.session,
      bound: binding.bound,
      parameterSet: binding.parameterSet,
      piped: input !== undefined,
      writeError: nonTerminating,
      invoke: (block, item) => interpreter.forItem(block, item, frame),
      member: (target, name) => Promise.resolve(getMember(target, name)),
    };
    const stream = cmdlet.run(context, input ?? streamOf([]));
    const variable = binding.bound.text("OutVariable");
    if (variable === undefined) {
      yield* stream;
      return;
    }
    const items: Value[] = [];
    for await (const item of stream) {
      items.push(item);
      yield item;
    }
    frame.scope.variables.set(variable.toLowerCase(), collapse(items) ?? null);
  } catch (error) {
    if (!(error instanceof CmdletFailure)) throw error;
    if (!error.data.terminating) return nonTerminating(error);
    throw new TerminatingError(toRecord(error.data, invocation, metadata.implementingType), false);
  }
}
