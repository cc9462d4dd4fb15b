/** The parser's place among the tokens, and the errors that are told from there. */
import type { Token } from "../lexer";
import { isReserved } from "../keywords";
import { ParseError, syntaxError } from "../parser-errors";

/** Version of SQL Server whose language is meant: 10.50, 11.0, 12.0. */
export interface LanguageVersion {
  readonly major: number;
  readonly minor: number;
}

/** Reads tokens one after the other. Words are compared in upper case; only undelimited words are keywords. */
export class Cursor {
  private index = 0;

  /** Depth of WHILE around the place: BREAK and CONTINUE need one. */
  loopDepth = 0;
  /** Depth of CATCH around the place: THROW without values needs one. */
  catchDepth = 0;
  /** GOTO statements and labels of the batch, in lower case, checked at its end. */
  readonly gotos: { readonly label: string; readonly line: number }[] = [];
  readonly labels = new Set<string>();

  constructor(
    private readonly tokens: readonly Token[],
    readonly version: LanguageVersion,
    readonly allowReturnValue: boolean,
  ) {}

  get token(): Token {
    return this.peek(0);
  }

  /** 0 = the next token to read, -1 = the one read last. */
  peek(distance: number): Token {
    const token = this.tokens[Math.min(this.index + distance, this.tokens.length - 1)];
    if (token === undefined) throw new RangeError("cursor: no token there; the lexer must end with an end token");
    return token;
  }

  get line(): number {
    return this.token.line;
  }

  get atStart(): boolean {
    return this.index === 0;
  }

  get atEnd(): boolean {
    return this.token.type === "end";
  }

  next(): Token {
    const token = this.token;
    if (token.type !== "end") this.index++;
    return token;
  }

  /** Whether the next tokens are these words or operators. */
  is(...words: readonly string[]): boolean {
    return words.every((word, distance) => this.peek(distance).word === word);
  }

  isOneOf(words: readonly string[]): boolean {
    return this.token.word !== "" && words.includes(this.token.word);
  }

  /** Reads these words or operators if they are next. */
  accept(...words: readonly string[]): boolean {
    if (!this.is(...words)) return false;
    this.index += words.length;
    return true;
  }

  /** Reads one of the words if it is next, and says which. */
  acceptOneOf<Word extends string>(words: readonly Word[]): Word | undefined {
    const found = words.find((word) => this.token.word === word);
    if (found !== undefined) this.index++;
    return found;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.accept(word)) throw this.unexpected();
  }

  expectOneOf<Word extends string>(words: readonly Word[]): Word {
    const found = this.acceptOneOf(words);
    if (found === undefined) throw this.unexpected();
    return found;
  }

  isReserved(token: Token): boolean {
    return token.type === "word" && isReserved(token.word, this.version.major);
  }

  isIdentifier(distance = 0): boolean {
    const token = this.peek(distance);
    return token.type === "quoted" || (token.type === "word" && !this.isReserved(token));
  }

  identifier(): string {
    if (!this.isIdentifier()) throw this.unexpected();
    return this.next().text;
  }

  /** A string constant, with or without N. */
  string(): string {
    if (!this.isString()) throw this.unexpected();
    return this.next().text;
  }

  isString(): boolean {
    return this.token.type === "string" || this.token.type === "nationalString";
  }

  /** An integer constant without sign. */
  integer(): number {
    if (this.token.type !== "integer") throw this.unexpected();
    return Number(this.next().text);
  }

  variable(): string {
    if (this.token.type !== "variable") throw this.unexpected();
    return this.next().text;
  }

  /** One or more of something between commas. */
  list<Item>(parse: () => Item): Item[] {
    const items = [parse()];
    while (this.accept(",")) items.push(parse());
    return items;
  }

  /** Something together with the tokens that it was read from. */
  withTokens<Item>(parse: () => Item): readonly [item: Item, tokens: readonly Token[]] {
    const from = this.index;
    const item = parse();
    return [item, this.tokens.slice(from, this.index)];
  }

  /** `( something )`. */
  parenthesized<Item>(parse: () => Item): Item {
    this.expect("(");
    const item = parse();
    this.expect(")");
    return item;
  }

  /** Tries a reading; when it does not parse, goes back to where it began and answers undefined. */
  attempt<Result>(parse: () => Result): Result | undefined {
    const start = this.index;
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.index = start;
      return undefined;
    }
  }

  /** 156 at a reserved keyword, 102 at anything else; at the end of the batch SQL Server names the last token. */
  unexpected(token: Token = this.token): ParseError {
    if (token.type === "end") return syntaxError(this.peek(-1).text, this.peek(-1).line);
    if (this.isReserved(token)) {
      return new ParseError(156, `Incorrect syntax near the keyword '${token.text}'.`, token.line);
    }
    return syntaxError(token.text, token.line);
  }
}
