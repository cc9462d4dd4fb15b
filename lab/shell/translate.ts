/** From the grammar's tree to the interpreter's syntax: statements, pipelines, commands, script blocks. */
import type { Node, Parser } from "web-tree-sitter";
import type {
  CatchClause,
  CommandElement,
  CommandNode,
  Expression,
  ExpressionStage,
  ParameterNode,
  PipelineNode,
  Redirection,
  ScriptBlockNode,
  Statement,
} from "./ast";
import { type Extent, runtimeFailure } from "./error-record";
import { bareWord, literalNumber, translateExpression } from "./translate-expression";
import { restoreDigits } from "./tokenizer";

/** What the translation of one script shares. */
export interface Translation {
  readonly source: string;
  readonly parser: Parser;
}

export function extentOf(node: Node, { source }: Translation): Extent {
  return { source, start: node.startIndex, end: node.endIndex };
}

export function namedChildren(node: Node): Node[] {
  return node.namedChildren.filter((child) => child !== null && child.type !== "comment");
}

export function childOf(node: Node, type: string): Node | undefined {
  return namedChildren(node).find((child) => child.type === type);
}

/** @param root a `program` without errors */
export function translateProgram(root: Node, source: string, parser: Parser): ScriptBlockNode {
  return translateScriptBlock(root, { source, parser });
}

/** A `program`, `script_block`, `script_block_expression` or the inside of a function. */
export function translateScriptBlock(node: Node, translation: Translation): ScriptBlockNode {
  const parameters: ParameterNode[] = [];
  const blocks = { begin: [] as Statement[], process: [] as Statement[], end: [] as Statement[] };
  const visit = (part: Node): void => {
    for (const child of namedChildren(part)) {
      if (child.type === "param_block" || child.type === "function_parameter_declaration") {
        const list = childOf(child, "parameter_list");
        if (list !== undefined) parameters.push(...translateParameters(list, translation));
      } else if (child.type === "statement_list") blocks.end.push(...translateStatements(child, translation));
      else if (child.type === "named_block") {
        const name = (childOf(child, "block_name") as Node).text.toLowerCase();
        if (name !== "begin" && name !== "process" && name !== "end") throw unsupported(child);
        blocks[name].push(...translateBlock(childOf(child, "statement_block"), translation));
      } else visit(child);
    }
  };
  visit(node);
  return { extent: extentOf(node, translation), parameters, ...blocks };
}

function translateParameters(list: Node, translation: Translation): ParameterNode[] {
  return namedChildren(list).map((parameter) => {
    const type = findFirst(childOf(parameter, "attribute_list"), "type_literal");
    const fallback = childOf(parameter, "script_parameter_default");
    return {
      name: variableName(childOf(parameter, "variable") as Node),
      type: type === undefined ? undefined : type.text.slice(1, -1).toLowerCase(),
      default:
        fallback === undefined ? undefined : translateExpression(namedChildren(fallback)[0] as Node, translation),
    };
  });
}

function findFirst(node: Node | undefined, type: string): Node | undefined {
  if (node === undefined || node.type === type) return node;
  for (const child of namedChildren(node)) {
    const found = findFirst(child, type);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `$name`, `${name}`, `$env:name` without their dollar. */
export function variableName(node: Node): string {
  const text = node.text;
  return text.startsWith("${") ? text.slice(2, -1) : text.slice(1);
}

/** The statements of a `statement_list`. */
export function translateStatements(list: Node, translation: Translation): Statement[] {
  return namedChildren(list).flatMap((child) => {
    return child.type === "empty_statement" ? [] : [translateStatement(child, translation)];
  });
}

/** The statements of a `statement_block`; absent: none. */
export function translateBlock(block: Node | undefined, translation: Translation): Statement[] {
  const list = block === undefined ? undefined : childOf(block, "statement_list");
  return list === undefined ? [] : translateStatements(list, translation);
}

/** What the lab's PowerShell does not know is refused, never skipped. */
export function unsupported(node: Node): Error {
  return runtimeFailure(
    "UnexpectedToken",
    `Unexpected token '${node.text.split(/\s/)[0] ?? ""}' in expression or statement.`,
  );
}

export function translateStatement(node: Node, translation: Translation): Statement {
  const extent = extentOf(node, translation);
  const block = (parent: Node): Statement[] => translateBlock(childOf(parent, "statement_block"), translation);
  const pipelineOf = (parent: Node | undefined | null): Statement => {
    const pipeline = parent === undefined || parent === null ? undefined : childOf(parent, "pipeline");
    if (pipeline === undefined) throw unsupported(node);
    return translatePipeline(pipeline, translation);
  };
  switch (node.type) {
    case "pipeline":
      return translatePipeline(node, translation);
    case "if_statement": {
      const clauses = childOf(node, "elseif_clauses");
      const branches = [node, ...(clauses === undefined ? [] : namedChildren(clauses))].map((branch) => ({
        condition: pipelineOf(branch),
        body: block(branch),
      }));
      const otherwise = childOf(node, "else_clause");
      return { kind: "if", extent, branches, otherwise: otherwise === undefined ? [] : block(otherwise) };
    }
    case "foreach_statement": {
      const variable = variableName(childOf(node, "variable") as Node);
      return { kind: "foreach", extent, variable, items: pipelineOf(node), body: block(node) };
    }
    case "for_statement": {
      const part = (type: string): Statement | undefined => {
        const found = childOf(node, type);
        return found === undefined ? undefined : pipelineOf(found);
      };
      const [initializer, condition, iterator] = [part("for_initializer"), part("for_condition"), part("for_iterator")];
      return { kind: "for", extent, initializer, condition, iterator, body: block(node) };
    }
    case "while_statement":
    case "do_statement": {
      const until = node.children.some((child) => child?.type.toLowerCase() === "until");
      const test = node.type === "while_statement" ? "while" : until ? "do-until" : "do-while";
      return { kind: "loop", extent, test, condition: pipelineOf(childOf(node, "while_condition")), body: block(node) };
    }
    case "try_statement": {
      const clauses = childOf(node, "catch_clauses");
      const catches = (clauses === undefined ? [] : namedChildren(clauses)).map((clause): CatchClause => {
        const types = childOf(clause, "catch_type_list");
        const names = types === undefined ? [] : namedChildren(types).map((type) => type.text.slice(1, -1));
        return { types: names, body: block(clause) };
      });
      const last = childOf(node, "finally_clause");
      return { kind: "try", extent, body: block(node), catches, finally: last === undefined ? [] : block(last) };
    }
    case "flow_control_statement": {
      const word = (node.firstChild as Node).text.toLowerCase() as "break" | "continue" | "return" | "throw" | "exit";
      const value = childOf(node, "pipeline");
      return {
        kind: "flow",
        extent,
        word,
        value: value === undefined ? undefined : translatePipeline(value, translation),
      };
    }
    case "function_statement": {
      const name = (childOf(node, "function_name") as Node).text.trim();
      return { kind: "function", extent, name, block: translateScriptBlock(node, translation) };
    }
    default:
      throw unsupported(node);
  }
}

function translatePipeline(node: Node, translation: Translation): Statement {
  const extent = extentOf(node, translation);
  const assignment = childOf(node, "assignment_expression");
  if (assignment !== undefined) {
    const [left, operator, value] = namedChildren(assignment) as [Node, Node, Node];
    return {
      kind: "assignment",
      extent,
      target: translateExpression(left, translation),
      operator: operator.text,
      value: translateStatement(value, translation),
    };
  }
  const tail = childOf(node, "pipeline_chain_tail");
  if (tail !== undefined)
    // && and || came with PowerShell 7.
    throw runtimeFailure(
      "InvalidEndOfLine",
      `The token '${tail.text}' is not a valid statement separator in this version.`,
    );
  return translateChain(childOf(node, "pipeline_chain") as Node, translation);
}

function translateChain(chain: Node, translation: Translation): PipelineNode {
  const stages: (CommandNode | ExpressionStage)[] = [];
  for (const child of namedChildren(chain)) {
    if (child.type === "command") stages.push(translateCommand(child, translation));
    else if (child.type === "redirections") {
      const last = stages.pop() as ExpressionStage;
      stages.push({ ...last, redirections: namedChildren(child).map((one) => translateRedirection(one)) });
    } else {
      const expression = translateExpression(child, translation);
      stages.push({ kind: "expression", extent: expression.extent, expression, redirections: [] });
    }
  }
  return { kind: "pipeline", extent: extentOf(chain, translation), stages };
}

function translateRedirection(node: Node): Redirection {
  const operator = (namedChildren(node)[0] as Node).text;
  const from = /^[0-9*]/.exec(operator)?.[0] ?? "1";
  if (operator.endsWith("&1")) return { from, to: "output" };
  return { from, to: /^\s*\$null\s*$/i.test(namedChildren(node)[1]?.text ?? "") ? "null" : "file" };
}

/** The grammar takes `2>$null` for a word when no blank stands in it. */
function wordRedirection(text: string): Redirection {
  const [, from, to] = /^([\d*]?)>>?(.*)$/.exec(text) as RegExpExecArray;
  return { from: from === "" ? "1" : (from as string), to: /^\$null$/i.test(to as string) ? "null" : "file" };
}

/** The grammar takes `1..$n` and `5L` for names of commands: they are expressions, read again with room around the dots. */
function translateCommand(node: Node, translation: Translation): CommandNode | ExpressionStage {
  const extent = extentOf(node, translation);
  const name = node.childForFieldName("command_name") as Node;
  const operator = childOf(node, "command_invokation_operator");
  const elements = node.childForFieldName("command_elements");
  if (operator === undefined && /^\d/.test(name.text)) {
    const number = literalNumber(node.text.trim());
    const expression: Expression | undefined =
      number === undefined
        ? reparse(node.text.replace(/^(\d+)\.\./, "$1 .. "), translation)
        : { kind: "literal", extent, value: number };
    if (expression !== undefined) return { kind: "expression", extent, expression, redirections: [] };
  }
  const translated = elements === null ? { elements: [], redirections: [] } : translateElements(elements, translation);
  const written: Expression =
    operator === undefined || /command_name$/.test(name.type)
      ? bareWord(name.text, extentOf(name, translation), translation)
      : translateExpression(unwrapName(name), translation);
  return {
    kind: "command",
    extent: { ...extent, end: extent.start + node.text.trimEnd().length },
    name: written,
    invocation: operator === undefined ? "" : operator.text === "&" ? "&" : ".",
    ...translated,
  };
}

function unwrapName(name: Node): Node {
  return name.type === "command_name_expr" ? (namedChildren(name)[0] as Node) : name;
}

function reparse(text: string, { parser }: Translation): Expression | undefined {
  const tree = parser.parse(text);
  if (tree === null) return undefined;
  try {
    if (tree.rootNode.hasError) return undefined;
    const [statement] = translateProgram(tree.rootNode, text, parser).end;
    const stage = statement?.kind === "pipeline" ? statement.stages[0] : undefined;
    return stage?.kind === "expression" ? stage.expression : undefined;
  } finally {
    tree.delete();
  }
}

function translateElements(
  list: Node,
  translation: Translation,
): { elements: CommandElement[]; redirections: Redirection[] } {
  const elements: CommandElement[] = [];
  const redirections: Redirection[] = [];
  /** A parameter that was followed by a colon takes the next argument whatever it is. */
  let bound = false;
  const argument = (value: Expression): void => {
    const last = elements.at(-1);
    if (bound && last?.kind === "parameter") elements[elements.length - 1] = { ...last, argument: value };
    else elements.push({ kind: "argument", extent: value.extent, value });
    bound = false;
  };
  for (const child of namedChildren(list)) {
    const extent = extentOf(child, translation);
    switch (child.type) {
      case "command_argument_sep":
        if (child.text.trim() === ":") bound = true;
        break;
      case "command_parameter":
        elements.push({
          kind: "parameter",
          extent,
          name: restoreDigits(child.text.replace(/^-/, "").replace(/`/g, "")),
        });
        break;
      case "redirection":
        redirections.push(translateRedirection(child));
        break;
      case "generic_token":
        if (/^[\d*]?>>?/.test(child.text)) redirections.push(wordRedirection(child.text));
        else argument(bareArgument(child.text, extent, translation));
        break;
      case "argument_list": {
        // `New-Object T($a, $b)`: to a command the brackets are an argument of their own.
        const inner = childOf(child, "argument_expression_list");
        const items =
          inner === undefined ? [] : namedChildren(inner).map((one) => translateExpression(one, translation));
        argument(items.length === 1 ? (items[0] as Expression) : { kind: "array", extent, items });
        break;
      }
      case "stop_parsing":
        throw unsupported(child);
      default: {
        const value = translateExpression(child, translation);
        if (value.kind === "variable" && child.text.startsWith("@"))
          elements.push({ kind: "splat", extent, name: value.name });
        else argument(value);
      }
    }
  }
  return { elements, redirections };
}

/** In argument mode a word that reads as a number is one. */
function bareArgument(text: string, extent: Extent, translation: Translation): Expression {
  const number = literalNumber(text);
  return number === undefined ? bareWord(text, extent, translation) : { kind: "literal", extent, value: number };
}
