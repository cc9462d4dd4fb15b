/** From the grammar's tree to the interpreter's syntax: expressions and literals. */
import type { Node } from "web-tree-sitter";
import type { Expression } from "./ast";
import type { Extent } from "./error-record";
import { restoreQuotes } from "./tokenizer";
import {
  type Translation,
  childOf,
  extentOf,
  namedChildren,
  translateBlock,
  translateScriptBlock,
  translateStatement,
  translateStatements,
  unsupported,
  variableName,
} from "./translate";

const MULTIPLIERS: Record<string, number> = { kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30, tb: 2 ** 40, pb: 2 ** 50 };

/** A number as PowerShell writes it: 12, 0x1F, 1.5e3, 10KB, 5L, 5d; undefined = the text is none. */
export function literalNumber(text: string): number | undefined {
  const parts = /^(-?)(0x[0-9a-f]+|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)(?:l|d)?(kb|mb|gb|tb|pb)?$/i.exec(text);
  if (parts === null) return undefined;
  const value = Number(parts[2]) * (MULTIPLIERS[(parts[3] ?? "").toLowerCase()] ?? 1);
  return parts[1] === "-" ? -value : value;
}

const ESCAPES: Record<string, string> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Backtick escapes (about_Special_Characters) and doubled double quotes. */
function unescape(text: string): string {
  return restoreQuotes(
    text.replace(/`(\r\n|[\s\S])|""/g, (_pair, escaped: string | undefined) => {
      if (escaped === undefined) return '"';
      if (/^\r?\n$/.test(escaped)) return "";
      return ESCAPES[escaped] ?? escaped;
    }),
  );
}

/** A word in argument mode: text in which variables are expanded. */
export function bareWord(text: string, extent: Extent, translation: Translation): Expression {
  if (!/[$`"']/.test(text)) return { kind: "literal", extent, value: text };
  const parts: (string | Expression)[] = [];
  const pattern = /\$(\{[^}]+\}|[A-Za-z_][\w]*(?::[A-Za-z_]\w*)?)|'((?:[^']|'')*)'|"([^"]*)"/g;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    parts.push(unescape(text.slice(from, match.index)));
    if (match[1] !== undefined) parts.push({ kind: "variable", extent, name: match[1].replace(/^\{|\}$/g, "") });
    else if (match[2] !== undefined) parts.push(match[2].replace(/''/g, "'"));
    else parts.push(bareWord(match[3] as string, extent, translation));
    from = match.index + match[0].length;
  }
  parts.push(unescape(text.slice(from)));
  const filled = parts.filter((part) => part !== "");
  return { kind: "expandable", extent, parts: filled };
}

/** Kinds that only pass on when they have one child: the levels of precedence. */
const LEVELS =
  /^(?:(?:logical|bitwise|comparison|additive|multiplicative|format|range)(?:_argument)?|argument|unary|left_assignment)_expression$|^array_literal_expression$/;

export function translateExpression(node: Node, translation: Translation): Expression {
  const children = namedChildren(node);
  if (LEVELS.test(node.type)) {
    if (children.length === 1) return translateExpression(children[0] as Node, translation);
    const extent = extentOf(node, translation);
    if (node.type === "array_literal_expression")
      return { kind: "array", extent, items: children.map((child) => translateExpression(child, translation)) };
    const left = children[0] as Node;
    const right = children.at(-1) as Node;
    const operator = translation.source.slice(left.endIndex, right.startIndex).trim().toLowerCase();
    return {
      kind: "binary",
      extent,
      operator,
      left: translateExpression(left, translation),
      right: translateExpression(right, translation),
    };
  }
  return translatePrimary(node, children, translation);
}

function translatePrimary(node: Node, children: readonly Node[], translation: Translation): Expression {
  const extent = extentOf(node, translation);
  const inner = (child: Node | undefined): Expression => {
    if (child === undefined) throw unsupported(node);
    return translateExpression(child, translation);
  };
  switch (node.type) {
    case "string_literal":
    case "integer_literal":
    case "command_name_expr":
      return inner(children[0]);
    case "decimal_integer_literal":
    case "hexadecimal_integer_literal":
    case "real_literal":
      return { kind: "literal", extent, value: literalNumber(node.text) ?? Number.NaN };
    case "verbatim_string_characters":
      return { kind: "literal", extent, value: restoreQuotes(node.text.trim().slice(1, -1).replace(/''/g, "'")) };
    case "verbatim_here_string_characters":
      return { kind: "literal", extent, value: hereText(node.text) };
    case "expandable_string_literal":
      return expandable(node, 1, 1, translation);
    case "expandable_here_string_literal": {
      const head = /^@"[ \t]*\r?\n/.exec(node.text)?.[0].length ?? 2;
      const tail = /\r?\n"@$/.exec(node.text)?.[0].length ?? 2;
      return expandable(node, head, tail, translation);
    }
    case "simple_name":
    case "generic_token":
      return { kind: "literal", extent, value: node.text };
    case "path_command_name":
      if (children.length === 1 && children[0]?.type === "variable") return inner(children[0]);
      return bareWord(node.text, extent, translation);
    case "variable":
    case "braced_variable":
      return { kind: "variable", extent, name: variableName(node) };
    case "type_literal":
      return { kind: "type", extent, name: node.text.replace(/^\[|\]$/g, "").replace(/\s/g, "") };
    case "parenthesized_expression":
      return { kind: "parenthesized", extent, body: translateStatement(children[0] as Node, translation) };
    case "array_expression":
    case "sub_expression": {
      const list = childOf(node, "statement_list");
      const body = list === undefined ? [] : translateStatements(list, translation);
      return { kind: node.type === "array_expression" ? "array-expression" : "sub-expression", extent, body };
    }
    case "statement_block":
      return { kind: "sub-expression", extent, body: translateBlock(node, translation) };
    case "script_block_expression":
      return { kind: "script-block", extent, block: translateScriptBlock(node, translation) };
    case "hash_literal_expression": {
      const body = childOf(node, "hash_literal_body");
      const entries = (body === undefined ? [] : namedChildren(body)).map((entry) => {
        const [key, value] = namedChildren(entry) as [Node, Node];
        return [inner(namedChildren(key)[0]), translateStatement(value, translation)] as const;
      });
      return { kind: "hashtable", extent, entries };
    }
    case "cast_expression": {
      const type = (children[0] as Node).text.slice(1, -1).replace(/\s/g, "");
      return { kind: "cast", extent, type, operand: inner(children[1]) };
    }
    case "member_access":
    case "invokation_expression":
      return memberExpression(node, children, extent, translation);
    case "element_access":
      return { kind: "index", extent, target: inner(children[0]), index: inner(children[1]) };
    case "expression_with_unary_operator": {
      const operand = children.at(-1) as Node;
      if (node.childCount === 1) return inner(operand);
      return { kind: "unary", extent, operator: (node.firstChild as Node).text.toLowerCase(), operand: inner(operand) };
    }
    case "pre_increment_expression":
    case "pre_decrement_expression":
    case "post_increment_expression":
    case "post_decrement_expression": {
      const by = node.type.includes("increment") ? 1 : -1;
      return { kind: "increment", extent, by, prefix: node.type.startsWith("pre"), operand: inner(children[0]) };
    }
    default:
      throw unsupported(node);
  }
}

function memberExpression(node: Node, children: readonly Node[], extent: Extent, translation: Translation): Expression {
  const [targetNode, nameNode, list] = children;
  if (targetNode === undefined || nameNode?.type !== "member_name") throw unsupported(node);
  const target = translateExpression(targetNode, translation);
  const name = translateExpression(namedChildren(nameNode)[0] as Node, translation);
  const isStatic = node.children.some((child) => child?.type === "::");
  if (node.type === "member_access") return { kind: "member", extent, target, name, static: isStatic };
  const inner = list === undefined ? undefined : childOf(list, "argument_expression_list");
  const args = inner === undefined ? [] : namedChildren(inner).map((one) => translateExpression(one, translation));
  return { kind: "invoke", extent, target, name, args, static: isStatic };
}

/** Text and expressions of a double-quoted string; `head` and `tail` are the lengths of its delimiters. */
function expandable(node: Node, head: number, tail: number, translation: Translation): Expression {
  const parts: (string | Expression)[] = [];
  const end = node.endIndex - tail;
  let from = node.startIndex + head;
  for (const child of namedChildren(node)) {
    parts.push(unescape(translation.source.slice(from, child.startIndex)));
    parts.push(translateExpression(child, translation));
    from = child.endIndex;
  }
  parts.push(unescape(translation.source.slice(from, end)));
  return { kind: "expandable", extent: extentOf(node, translation), parts: parts.filter((part) => part !== "") };
}

function hereText(text: string): string {
  return restoreQuotes(text.replace(/^@'[ \t]*\r?\n/, "").replace(/\r?\n'@$/, ""));
}
