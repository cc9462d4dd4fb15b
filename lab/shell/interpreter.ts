/** Statements and pipelines: runs a script in a session and hands out what it writes to the pipeline. */
import type { AssignmentNode, ExpressionStage, PipelineNode, ScriptBlockNode, Statement } from "./ast";
import { runCommand } from "./command";
import { collapse, enumerate, toBoolean, toNumber, toText } from "./conversions";
import { ErrorRecord, ExceptionObject, type Extent, TerminatingError } from "./error-record";
import { type Frame, assign, assigned, evaluate, placed, pureExpression } from "./evaluator";
import { bindScriptParameters } from "./script-parameters";
import { Scope, ScriptBlock, type Session } from "./session";
import { ExitSignal, LoopSignal, ReturnSignal, collect, streamOf } from "./signals";
import { type Value, isNull, shortTypeName } from "./values";

/** Runs scripts in one session. */
export class Interpreter {
  constructor(readonly session: Session) {}

  /** The outermost frame: errors go to standard error. */
  frame(): Frame {
    return {
      scope: this.session.global,
      caught: false,
      report: (record) =>
        this.session.console.writeError(record.display().replace(/\n/g, this.session.newLine) + this.session.newLine),
    };
  }

  /** Runs a whole script. Throws TerminatingError when nobody caught it, ExitSignal for exit. */
  async *script(block: ScriptBlockNode, frame = this.frame()): AsyncGenerator<Value, void> {
    try {
      yield* this.statements([...block.begin, ...block.process, ...block.end], frame);
    } catch (error) {
      if (!(error instanceof ReturnSignal) && !(error instanceof LoopSignal)) throw error;
    }
  }

  /** Runs statements in order. An error that ends a statement is reported, and the next statement runs, unless somebody catches. */
  async *statements(list: readonly Statement[], frame: Frame): AsyncGenerator<Value, void> {
    for (const statement of list) {
      try {
        const before = this.session.failures;
        yield* this.statement(statement, frame);
        if (statement.kind === "try") this.session.succeeded = true;
        if (statement.kind === "pipeline" || statement.kind === "assignment")
          this.session.succeeded = this.session.failures === before;
      } catch (thrown) {
        const error = placed(thrown, statement.extent);
        if (!(error instanceof TerminatingError) || error.script || frame.caught) throw error;
        const preference = toText(this.session.read("ErrorActionPreference", frame.scope)).toLowerCase();
        if (preference === "stop") throw new TerminatingError(error.record, true);
        this.session.remember(error.record);
        if (preference !== "silentlycontinue" && preference !== "ignore") frame.report(error.record);
      }
    }
  }

  /** Value of a statement that stands where an expression is wanted: after `=`, in brackets, in a hashtable. */
  async valueOf(statement: Statement, frame: Frame): Promise<Value> {
    const expression = pureExpression(statement);
    if (expression !== undefined) return evaluate(this, expression, frame);
    if (statement.kind === "assignment") return this.#assignment(statement, frame);
    return collapse(await collect(this.statement(statement, frame)));
  }

  async *statement(statement: Statement, frame: Frame): AsyncGenerator<Value, void> {
    switch (statement.kind) {
      case "pipeline":
        return yield* this.#pipeline(statement, frame);
      case "assignment":
        await this.#assignment(statement, frame);
        return;
      case "if":
        for (const { condition, body } of statement.branches)
          if (toBoolean(await this.valueOf(condition, frame))) return yield* this.statements(body, frame);
        return yield* this.statements(statement.otherwise, frame);
      case "foreach":
      case "for":
      case "loop":
        return yield* this.#loop(statement, frame);
      case "try":
        return yield* this.#try(statement, frame);
      case "flow":
        return yield* this.#flow(statement, frame);
      case "function":
        frame.scope.functions.set(statement.name.toLowerCase(), { name: statement.name, block: statement.block });
    }
  }

  /** Calls a script block with arguments, in a scope of its own unless `scope` says otherwise. */
  async *invokeBlock(
    block: ScriptBlock | ScriptBlockNode,
    args: readonly Value[],
    frame: Frame,
    scope = new Scope(frame.scope),
  ): AsyncGenerator<Value, void> {
    const node = block instanceof ScriptBlock ? block.node : block;
    const written = args.map((value) => ({ colon: false, bare: false, value }));
    yield* this.invokeNode(node, "", written, undefined, { ...frame, scope });
  }

  /** Binds arguments and runs begin, process and end; `frame` is the block's own. */
  async *invokeNode(
    node: ScriptBlockNode,
    name: string,
    args: Parameters<typeof bindScriptParameters>[3],
    input: AsyncIterable<Value> | undefined,
    frame: Frame,
  ): AsyncGenerator<Value, void> {
    await bindScriptParameters(this, node, name, args, frame);
    try {
      yield* this.statements(node.begin, frame);
      if (node.process.length > 0)
        for await (const item of input ?? streamOf([undefined])) {
          frame.scope.variables.set("_", item);
          yield* this.statements(node.process, frame);
        }
      else if (input !== undefined) frame.scope.variables.set("input", await collect(input));
      yield* this.statements(node.end, frame);
    } catch (error) {
      if (!(error instanceof ReturnSignal)) throw error;
    }
  }

  /** Runs a block for one object in the caller's own scope, as ForEach-Object and Where-Object do. */
  async *forItem(block: ScriptBlock, item: Value, frame: Frame): AsyncGenerator<Value, void> {
    const { variables } = frame.scope;
    const [had, before] = [variables.has("_"), variables.get("_")];
    variables.set("_", item);
    try {
      const { begin, process, end } = block.node;
      yield* this.statements([...begin, ...process, ...end], frame);
    } catch (error) {
      if (!(error instanceof ReturnSignal)) throw error;
    } finally {
      if (had) variables.set("_", before);
      else variables.delete("_");
    }
  }

  async #assignment({ target, operator, value, extent }: AssignmentNode, frame: Frame): Promise<Value> {
    try {
      const result = await assigned(this, target, operator, await this.valueOf(value, frame), frame);
      await assign(this, target, result, frame);
      return result;
    } catch (error) {
      throw placed(error, extent);
    }
  }

  async *#pipeline(node: PipelineNode, frame: Frame): AsyncGenerator<Value, void> {
    let stream: AsyncIterable<Value> | undefined;
    for (const stage of node.stages)
      stream =
        stage.kind === "expression"
          ? this.#expressionStage(stage, node, frame)
          : runCommand(this, stage, stream, frame);
    if (stream !== undefined) yield* stream;
  }

  async *#expressionStage(stage: ExpressionStage, { stages }: PipelineNode, frame: Frame): AsyncGenerator<Value, void> {
    const value = await evaluate(this, stage.expression, frame);
    // `$i++` as a statement writes nothing.
    if (stage.expression.kind === "increment" && stages.length === 1) return;
    if (!stage.redirections.some(({ from }) => from === "1" || from === "*")) yield* enumerate(value);
  }

  async *#loop(statement: Statement & { kind: "foreach" | "for" | "loop" }, frame: Frame): AsyncGenerator<Value, void> {
    const turn = (): AsyncGenerator<Value, boolean> => this.#turn(statement.body, frame);
    if (statement.kind === "foreach") {
      for (const item of enumerate((await this.valueOf(statement.items, frame)) ?? undefined)) {
        this.session.assign(statement.variable, item, frame.scope);
        if (!(yield* turn())) return;
      }
      return;
    }
    if (statement.kind === "for" && statement.initializer !== undefined)
      await this.valueOf(statement.initializer, frame);
    const holds = async (): Promise<boolean> => {
      if (statement.condition === undefined) return true;
      return toBoolean(await this.valueOf(statement.condition, frame));
    };
    if (statement.kind === "loop" && statement.test !== "while") {
      do {
        if (!(yield* turn())) return;
      } while ((await holds()) === (statement.test === "do-while"));
      return;
    }
    while (await holds()) {
      if (!(yield* turn())) return;
      if (statement.kind === "for" && statement.iterator !== undefined) await this.valueOf(statement.iterator, frame);
    }
  }

  /** One turn of a loop; false = break. */
  async *#turn(body: readonly Statement[], frame: Frame): AsyncGenerator<Value, boolean> {
    try {
      yield* this.statements(body, frame);
      return true;
    } catch (error) {
      if (!(error instanceof LoopSignal)) throw error;
      return error.word === "continue";
    }
  }

  async *#try(statement: Statement & { kind: "try" }, frame: Frame): AsyncGenerator<Value, void> {
    const inner = statement.catches.length > 0 ? { ...frame, caught: true } : frame;
    try {
      yield* this.statements(statement.body, inner);
    } catch (thrown) {
      const error = placed(thrown, statement.extent);
      const clause = error instanceof TerminatingError ? this.#clauseFor(statement, error.record) : undefined;
      if (clause === undefined || !(error instanceof TerminatingError)) throw error;
      this.session.remember(error.record);
      yield* this.#catch(clause.body, error.record, frame);
    } finally {
      yield* this.statements(statement.finally, frame);
    }
  }

  async *#catch(body: readonly Statement[], record: ErrorRecord, frame: Frame): AsyncGenerator<Value, void> {
    const { variables } = frame.scope;
    const [had, before] = [variables.has("_"), variables.get("_")];
    variables.set("_", record);
    try {
      yield* this.statements(body, frame);
    } finally {
      if (had) variables.set("_", before);
      else variables.delete("_");
    }
  }

  #clauseFor(statement: Statement & { kind: "try" }, record: ErrorRecord): { body: readonly Statement[] } | undefined {
    const names = [...record.exception.typeNames, "System.Exception"].map((name) => name.toLowerCase());
    return statement.catches.find(({ types }) => {
      if (types.length === 0) return true;
      return types.some((type) => {
        const wanted = type.toLowerCase();
        return names.some((name) =>
          [wanted, `system.${wanted}`, `system.management.automation.${wanted}`].includes(name),
        );
      });
    });
  }

  async *#flow(statement: Statement & { kind: "flow" }, frame: Frame): AsyncGenerator<Value, void> {
    switch (statement.word) {
      case "break":
      case "continue":
        throw new LoopSignal(statement.word);
      case "return":
        if (statement.value !== undefined) yield* enumerate(await this.valueOf(statement.value, frame));
        throw new ReturnSignal();
      case "exit":
        throw new ExitSignal(statement.value === undefined ? 0 : toNumber(await this.valueOf(statement.value, frame)));
      case "throw": {
        const value = statement.value === undefined ? undefined : await this.valueOf(statement.value, frame);
        const current = this.session.read("_", frame.scope);
        throw new TerminatingError(
          thrownRecord(
            statement.value === undefined && current instanceof ErrorRecord ? current : value,
            statement.extent,
          ),
          true,
        );
      }
    }
  }

  /** Takes a non-terminating error as -ErrorAction or $ErrorActionPreference says. */
  nonTerminating(record: ErrorRecord, action: string | undefined, frame: Frame): void {
    const wanted = (action ?? toText(this.session.read("ErrorActionPreference", frame.scope))).toLowerCase();
    if (wanted === "stop") throw new TerminatingError(record, true);
    if (wanted === "ignore") return;
    this.session.remember(record);
    if (wanted !== "silentlycontinue") frame.report(record);
  }
}

/** What `throw` makes of its operand (about_Throw). */
function thrownRecord(value: Value, extent: Extent): ErrorRecord {
  if (value instanceof ErrorRecord) return value;
  const invocation = { command: "", extent };
  if (value instanceof ExceptionObject)
    return new ErrorRecord(value, value.message, "OperationStopped", "", "", invocation, value);
  const text = isNull(value) ? "ScriptHalted" : toText(value);
  const exception = new ExceptionObject("System.Management.Automation.RuntimeException", text);
  return new ErrorRecord(
    exception,
    text,
    "OperationStopped",
    isNull(value) ? "" : text,
    isNull(value) ? "" : shortTypeName(value),
    invocation,
    value,
  );
}
