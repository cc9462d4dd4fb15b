/** The grammar (tree-sitter-powershell under web-tree-sitter) and the way from text to syntax. */
import { setFlagsFromString } from "node:v8";
import { Language, type Node, Parser } from "web-tree-sitter";
import type { ScriptBlockNode } from "./ast";
import {
  CmdletFailure,
  ErrorRecord,
  ExceptionObject,
  type Extent,
  TerminatingError,
  runtimeFailure,
} from "./error-record";
import { normalize, quoteWordLists, spellDigits } from "./tokenizer";
import { translateProgram } from "./translate";

let loading: Promise<Parser> | undefined;

/** Loads the grammar once per process (14 ms). */
export function loadGrammar(): Promise<Parser> {
  loading ??= (async () => {
    // The lexer is one huge function: V8's optimizing compiler works on it for two seconds, which an exiting process
    // waits for, and takes 200 MB and more for it. The baseline code parses a line in well under a millisecond.
    setFlagsFromString("--no-wasm-dynamic-tiering");
    setFlagsFromString("--no-wasm-tier-up");
    await Parser.init();
    const language = await Language.load(require.resolve("tree-sitter-powershell/tree-sitter-powershell.wasm"));
    const parser = new Parser();
    parser.setLanguage(language);
    return parser;
  })();
  return loading;
}

/**
 * Parses a script. Throws TerminatingError with a ParserError: quotes and brackets that are not closed, empty pipe
 * elements, and whatever the grammar does not know. Nothing of a script with an error is run.
 */
export async function parseScript(script: string): Promise<ScriptBlockNode> {
  const parser = await loadGrammar();
  const normalized = normalize(script);
  const whole = { source: script, start: 0, end: script.length };
  const missing: Record<string, [string, string]> = {
    "'": ["TerminatorExpectedAtEndOfString", "The string is missing the terminator: '."],
    '"': ["TerminatorExpectedAtEndOfString", 'The string is missing the terminator: ".'],
    "@'": ["TerminatorExpectedAtEndOfString", "The string is missing the terminator: '@."],
    '@"': ["TerminatorExpectedAtEndOfString", 'The string is missing the terminator: "@.'],
    ")": ["MissingEndParenthesisInExpression", "Missing closing ')' in expression."],
    "}": ["MissingEndCurlyBrace", "Missing closing '}' in statement block or type definition."],
    "*": ["EmptyPipeElement", "An empty pipe element is not allowed."],
  };
  const wrong = missing[normalized.missing];
  if (wrong !== undefined) throw parserError(wrong[0], wrong[1], whole);
  if (/\|\s*\|(?!\|)/.test(normalized.code.replace(/\|\|/g, "&&")))
    throw parserError("EmptyPipeElement", "An empty pipe element is not allowed.", whole);
  for (const text of [normalized.text, quoteWordLists(normalized), spellDigits(normalized)]) {
    const tree = parser.parse(text);
    if (tree === null) continue;
    try {
      if (!tree.rootNode.hasError) return translateProgram(tree.rootNode, text, parser);
    } catch (error) {
      if (error instanceof CmdletFailure) throw parserError(error.data.errorId, error.message, whole);
      throw error;
    } finally {
      tree.delete();
    }
  }
  const tree = parser.parse(normalized.text);
  if (tree === null) throw runtimeFailure("ParserError", "The script could not be read by the grammar.");
  try {
    throw unexpected(tree.rootNode, whole);
  } finally {
    tree.delete();
  }
}

function unexpected(root: Node, whole: Extent): TerminatingError {
  const node = firstError(root) ?? root;
  const text = node.text.trim().split(/\s/)[0] ?? "";
  const extent = {
    source: whole.source,
    start: Math.min(node.startIndex, whole.end),
    end: Math.min(node.endIndex, whole.end),
  };
  return parserError("UnexpectedToken", `Unexpected token '${text}' in expression or statement.`, extent);
}

function firstError(node: Node): Node | undefined {
  if (node.isError || node.isMissing) return node;
  for (const child of node.children) {
    if (child?.hasError !== true && child?.isMissing !== true) continue;
    const found = firstError(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parserError(errorId: string, message: string, extent: Extent): TerminatingError {
  const exception = new ExceptionObject("System.Management.Automation.ParentContainsErrorRecordException", message);
  return new TerminatingError(
    new ErrorRecord(exception, errorId, "ParserError", "", "", { command: "", extent }),
    true,
  );
}
