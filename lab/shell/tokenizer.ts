/**
 * What PowerShell's tokenizer does and the grammar does not: typographic quotes and dashes are quotes and dashes
 * (about_Quoting_Rules; System.Management.Automation.Language.CharTraits), and a line may be unfinished.
 */

const SINGLE = /['\u2018-\u201b]/;
const DOUBLE = /["\u201c-\u201e]/;
const DASH = /[\u2013-\u2015]/;
/** A doubled typographic quote inside a literal stands for itself; it travels through the grammar in this range. */
const KEPT_FROM = 0xf8d0;
const KEEPABLE = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e";

/** Text as the grammar understands it. */
export interface Normalized {
  readonly text: string;
  /** Same length as `text`, everything inside strings and comments replaced by U+0000. */
  readonly code: string;
  /** What is missing at the end: a quote, `)`, `}`, `*` and more after a pipe or a backtick; "" = the text is whole. */
  readonly missing: string;
}

type Frame = "(" | "{" | "$(" | '"' | "'" | '@"' | "@'";

/** Undoes what `normalize` did to doubled typographic quotes inside a literal. */
export function restoreQuotes(text: string): string {
  return text.replace(/[\uf8d0-\uf8d6]/g, (kept) => KEEPABLE[kept.charCodeAt(0) - KEPT_FROM] as string);
}

/** Reads a script once, character by character, and turns its delimiters into their ASCII twins. */
export function normalize(script: string): Normalized {
  const scanner = new Scanner(script);
  return scanner.scan();
}

class Scanner {
  readonly #frames: Frame[] = [];
  #text = "";
  #code = "";
  #at = 0;

  constructor(readonly script: string) {}

  scan(): Normalized {
    while (this.#at < this.script.length) {
      const frame = this.#frames.at(-1);
      if (frame === "'") this.#insideSingle();
      else if (frame === '"') this.#insideDouble();
      else if (frame === "@'" || frame === '@"') this.#insideHere(frame);
      else this.#insideCode();
    }
    return { text: this.#text, code: this.#code, missing: this.#missing() };
  }

  #missing(): string {
    const frame = this.#frames.at(-1);
    if (frame !== undefined) return frame === "(" || frame === "$(" ? ")" : frame === "{" ? "}" : frame;
    return /[|`]\s*$/.test(this.#code) && !/\|\|\s*$/.test(this.#code) ? "*" : "";
  }

  #emit(text: string, code: boolean): void {
    this.#text += text;
    this.#code += code ? text : "\0".repeat(text.length);
  }

  #take(length: number, code: boolean): void {
    this.#emit(this.script.slice(this.#at, this.#at + length), code);
    this.#at += length;
  }

  /** A quote that is doubled stands for its second character. */
  #doubled(ascii: string): void {
    const second = this.script[this.#at + 1] as string;
    const kept = KEEPABLE.indexOf(second);
    this.#emit(kept === -1 ? ascii + ascii : String.fromCharCode(KEPT_FROM + kept), false);
    this.#at += 2;
  }

  #insideSingle(): void {
    const character = this.script[this.#at] as string;
    if (!SINGLE.test(character)) return this.#take(1, false);
    if (SINGLE.test(this.script[this.#at + 1] ?? "")) return this.#doubled("'");
    this.#emit("'", false);
    this.#at += 1;
    this.#frames.pop();
  }

  #insideDouble(): void {
    const character = this.script[this.#at] as string;
    if (character === "`") return this.#take(2, false);
    if (character === "$" && this.script[this.#at + 1] === "(") {
      this.#frames.push("$(");
      return this.#take(2, false);
    }
    if (!DOUBLE.test(character)) return this.#take(1, false);
    if (DOUBLE.test(this.script[this.#at + 1] ?? "")) return this.#doubled('"');
    this.#emit('"', false);
    this.#at += 1;
    this.#frames.pop();
  }

  #insideHere(frame: '@"' | "@'"): void {
    const quote = frame === '@"' ? DOUBLE : SINGLE;
    const rest = this.script.slice(this.#at, this.#at + 4);
    const end = /^(\r?\n)(.)@/u.exec(rest);
    if (end !== null && quote.test(end[2] as string)) {
      this.#emit(`${end[1] as string}${frame === '@"' ? '"' : "'"}@`, false);
      this.#at += end[0].length;
      this.#frames.pop();
      return;
    }
    this.#take(1, false);
  }

  #insideCode(): void {
    const character = this.script[this.#at] as string;
    const next = this.script[this.#at + 1] ?? "";
    const startsWord = /[\s({;|,]|^$/.test(this.script[this.#at - 1] ?? "");
    if (character === "`") return this.#take(2, true);
    if (character === "#" && startsWord)
      return this.#take(/^[^\n]*/.exec(this.script.slice(this.#at))![0].length, false);
    if (character === "<" && next === "#") {
      const end = this.script.indexOf("#>", this.#at + 2);
      return this.#take((end === -1 ? this.script.length : end + 2) - this.#at, false);
    }
    if (
      character === "@" &&
      /^@.[ \t]*\r?\n/u.test(this.script.slice(this.#at)) &&
      (SINGLE.test(next) || DOUBLE.test(next))
    ) {
      const frame = SINGLE.test(next) ? "@'" : '@"';
      this.#emit(frame, false);
      this.#at += 2;
      this.#frames.push(frame);
      return;
    }
    if (SINGLE.test(character) || DOUBLE.test(character)) {
      const frame = SINGLE.test(character) ? "'" : '"';
      this.#emit(frame, false);
      this.#at += 1;
      this.#frames.push(frame);
      return;
    }
    this.#bracket(character, next);
  }

  #bracket(character: string, next: string): void {
    if (character === "(" || character === "{") this.#frames.push(character);
    else if (character === ")" || character === "}") {
      const inString = this.#frames.at(-1) === "$(" && this.#frames.includes('"');
      this.#frames.pop();
      this.#emit(character, !inString);
      this.#at += 1;
      return;
    } else if (character === "$" && next === "(") {
      this.#frames.push("$(");
      return this.#take(2, true);
    } else if (DASH.test(character) || /[\u0085\p{Zs}]/u.test(character)) {
      this.#emit(DASH.test(character) ? "-" : " ", true);
      this.#at += 1;
      return;
    }
    this.#take(1, true);
  }
}

/** Digits of a parameter's name as letters, which is all that the grammar takes there: `-TestUser1SipAddress`. */
const DIGITS = "abcdefghij";

/** Writes the digits in parameters' names in another way (`restoreDigits`). Used only on text that did not parse. */
export function spellDigits({ text, code }: Normalized): string {
  let result = "";
  let from = 0;
  for (const match of code.matchAll(/(?<=\s)-[A-Za-z_]\w*/g)) {
    const name = match[0].replace(/\d/g, (digit) => `_q${DIGITS[Number(digit)] as string}_`);
    result += text.slice(from, match.index) + name;
    from = match.index + match[0].length;
  }
  return result + text.slice(from);
}

/** A parameter's name with its digits. */
export function restoreDigits(name: string): string {
  return name.replace(/_q([a-j])_/g, (_, letter: string) => String(DIGITS.indexOf(letter)));
}

/**
 * Quotes the words of a list of bare words (`Select-Object Identity,Name`): valid PowerShell that the grammar refuses.
 * Used only on text that did not parse.
 */
export function quoteWordLists({ text, code }: Normalized): string {
  const word = /(?<=[\s,])(?<![\w)\]]\s*=\s*)([A-Za-z_*][\w.*?\\:-]*)(?=[\s,;|)}]|$)/g;
  let result = "";
  let from = 0;
  for (const match of code.matchAll(word)) {
    const end = match.index + match[0].length;
    const afterComma = /,\s*$/.test(code.slice(0, match.index));
    const beforeComma = /^\s*,/.test(code.slice(end));
    if (!afterComma && !beforeComma) continue;
    result += `${text.slice(from, match.index)}'${match[0]}'`;
    from = end;
  }
  return result + text.slice(from);
}
