/** Cuts the text of a batch into tokens. Source: "Constants", "Database identifiers", "Comments" (Transact-SQL). */
import { ParseError, syntaxError } from "./parser-errors";

/**
 * Kinds of token. `word`: a regular identifier or keyword; `quoted`: an identifier in brackets or double quotes;
 * `integer`, `decimal`, `float`, `money`: digits as written, money without its sign; `binary`: the digits behind 0x;
 * `variable` and `global`: with their at signs; `end`: behind the last token.
 */
export type TokenType =
  | "word"
  | "quoted"
  | "string"
  | "nationalString"
  | "integer"
  | "decimal"
  | "float"
  | "money"
  | "binary"
  | "variable"
  | "global"
  | "operator"
  | "end";

export interface Token {
  readonly type: TokenType;
  /** Without delimiters, doubled delimiters undone. */
  readonly text: string;
  /** `text` in upper case for words and operators, "" for all other tokens: what the parser compares with. */
  readonly word: string;
  /** From 1. */
  readonly line: number;
}

/** A token as it can be read again. */
export function tokenText({ type, text }: Token): string {
  switch (type) {
    case "quoted":
      return `[${text.replaceAll("]", "]]")}]`;
    case "string":
      return `'${text.replaceAll("'", "''")}'`;
    case "nationalString":
      return `N'${text.replaceAll("'", "''")}'`;
    case "money":
      return `$${text}`;
    case "binary":
      return `0x${text}`;
    default:
      return text;
  }
}

/** sysname holds 128 characters. */
const MAXIMUM_IDENTIFIER_LENGTH = 128;

const SPACE = /[\s\u0000]+/y;
const WORD = /[\p{L}_#][\p{L}\p{Nd}@$#_]*/uy;
const VARIABLE = /@[\p{L}\p{Nd}@$#_]*/uy;
const BINARY = /0[xX]([0-9a-fA-F]*)/y;
const NUMBER = /(?:\d+(\.\d*)?|(\.\d+))([eE][+-]?\d*)?/y;
const MONEY = /\$\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)?)/y;
const OPERATOR = /[+\-*/%&|^]=|<>|<=|>=|!=|!<|!>|::|[-+*/%&|^~=<>(),.;:]/y;

/** SET … QUOTED_IDENTIFIER, which counts from its place in the text on, whether or not it is executed. */
type QuotedIdentifierSwitch = "outside" | "set" | "named";

class Lexer {
  private position = 0;
  private line = 1;
  private readonly tokens: Token[] = [];
  private quotedSwitch: QuotedIdentifierSwitch = "outside";

  constructor(
    private readonly text: string,
    private quotedIdentifier: boolean,
  ) {}

  run(): readonly Token[] {
    while (this.skipSpace()) this.next();
    this.tokens.push({ type: "end", text: "", word: "", line: this.tokens.at(-1)?.line ?? 1 });
    return this.tokens;
  }

  /** The match of a sticky pattern at the position; moves behind it. */
  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.advance(match[0].length);
    return match;
  }

  private advance(length: number): void {
    for (let index = this.position; index < this.position + length; index++) {
      if (this.text[index] === "\n") this.line++;
    }
    this.position += length;
  }

  /** Skips spaces and comments; answers whether something follows. */
  private skipSpace(): boolean {
    for (;;) {
      if (this.match(SPACE) !== undefined) continue;
      if (this.text.startsWith("--", this.position)) {
        const end = this.text.indexOf("\n", this.position);
        this.advance((end < 0 ? this.text.length : end) - this.position);
      } else if (this.text.startsWith("/*", this.position)) this.skipBlockComment();
      else return this.position < this.text.length;
    }
  }

  /** Block comments nest. */
  private skipBlockComment(): void {
    const line = this.line;
    const delimiter = /\/\*|\*\//g;
    delimiter.lastIndex = this.position;
    let depth = 0;
    for (let match = delimiter.exec(this.text); match !== null; match = delimiter.exec(this.text)) {
      depth += match[0] === "/*" ? 1 : -1;
      if (depth === 0) {
        this.advance(delimiter.lastIndex - this.position);
        return;
      }
    }
    throw new ParseError(113, "Missing end comment mark '*/'.", line);
  }

  private next(): void {
    const line = this.line;
    const first = this.text[this.position] ?? "";
    const second = this.text[this.position + 1] ?? "";
    if ((first === "N" || first === "n") && second === "'") {
      this.advance(1);
      this.push("nationalString", this.delimited("'"), line);
    } else if (first === "'") this.push("string", this.delimited("'"), line);
    else if (first === "[") this.identifier("quoted", this.delimited("]"), line);
    else if (first === '"') {
      const text = this.delimited('"');
      if (this.quotedIdentifier) this.identifier("quoted", text, line);
      else this.push("string", text, line);
    } else this.undelimited(line);
  }

  private undelimited(line: number): void {
    const word = this.match(WORD);
    if (word !== undefined) return this.identifier("word", word[0], line);
    const variable = this.match(VARIABLE);
    if (variable !== undefined) {
      return this.identifier(variable[0].startsWith("@@") ? "global" : "variable", variable[0], line);
    }
    const binary = this.match(BINARY);
    if (binary !== undefined) return this.push("binary", binary[1] ?? "", line);
    const number = this.match(NUMBER);
    if (number !== undefined) {
      const isDecimal = number[1] !== undefined || number[2] !== undefined;
      return this.push(number[3] !== undefined ? "float" : isDecimal ? "decimal" : "integer", number[0], line);
    }
    const money = this.match(MONEY);
    if (money !== undefined) return this.push("money", money[1] ?? "", line);
    const operator = this.match(OPERATOR);
    if (operator !== undefined) return this.push("operator", operator[0], line);
    throw syntaxError(String.fromCodePoint(this.text.codePointAt(this.position) ?? 0), line);
  }

  /** What stands between delimiters of which the closing one is written twice to mean itself. */
  private delimited(close: string): string {
    const line = this.line;
    const start = this.position + 1;
    let end = start;
    for (;;) {
      end = this.text.indexOf(close, end);
      if (end < 0) {
        const rest = this.text.slice(start).replaceAll(close + close, close);
        throw new ParseError(105, `Unclosed quotation mark after the character string '${rest}'.`, line, {
          followers: [syntaxError(rest, line)],
        });
      }
      if (this.text[end + 1] !== close) break;
      end += 2;
    }
    const text = this.text.slice(start, end).replaceAll(close + close, close);
    this.advance(end + 1 - this.position);
    return text;
  }

  private identifier(type: "word" | "quoted" | "variable" | "global", text: string, line: number): void {
    if (text === "") {
      throw new ParseError(
        1038,
        "An object or column name is missing or empty. For SELECT INTO statements, verify each column has a name. " +
          'For other statements, look for empty alias names. Aliases defined as "" or [] are not allowed. ' +
          "Change the alias to a valid name.",
        line,
        { state: 4 },
      );
    }
    if (text.length > MAXIMUM_IDENTIFIER_LENGTH) {
      const start = text.slice(0, MAXIMUM_IDENTIFIER_LENGTH);
      throw new ParseError(
        103,
        `The identifier that starts with '${start}' is too long. Maximum length is ${String(MAXIMUM_IDENTIFIER_LENGTH)}.`,
        line,
        { state: 4 },
      );
    }
    this.push(type, text, line);
  }

  private push(type: TokenType, text: string, line: number): void {
    const word = type === "word" || type === "operator" ? text.toUpperCase() : "";
    this.tokens.push({ type, text, word, line });
    this.followQuotedIdentifier(word);
  }

  private followQuotedIdentifier(word: string): void {
    if (word === "SET") this.quotedSwitch = "set";
    else if (this.quotedSwitch === "outside" || word === ",") return;
    else if (word === "QUOTED_IDENTIFIER" || word === "ANSI_DEFAULTS") this.quotedSwitch = "named";
    else if (word === "ON" || word === "OFF") {
      if (this.quotedSwitch === "named") this.quotedIdentifier = word === "ON";
      this.quotedSwitch = "outside";
    } else if (!/^(ANSI|ARITH|CONCAT|NUMERIC|NOCOUNT|XACT)/.test(word)) this.quotedSwitch = "outside";
  }
}

/**
 * All tokens of a batch, the last of type `end`.
 * Throws ParseError: 105 with 102 behind it (open quote), 113 (open comment), 103, 1038, 102 (character of no token).
 * @param quotedIdentifier QUOTED_IDENTIFIER of the session: "x" is an identifier when true, a string otherwise
 */
export function tokenize(text: string, quotedIdentifier: boolean): readonly Token[] {
  return new Lexer(text, quotedIdentifier).run();
}
