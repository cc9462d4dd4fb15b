/**
 * Collations: how character strings compare, sort and group.
 * Rule of equality: trailing blanks are ignored (ANSI/ISO SQL-92 8.2, as SQL Server follows it), case and accents as the
 * name of the collation says. Rule of order: Intl.Collator of the same sensitivity, which is close to Windows'
 * Latin1_General order; the _BIN and _BIN2 collations order by code unit.
 */
import { bindErrors, type BindError } from "./language-errors";

export interface Collation {
  readonly name: string;
  /** Two strings are equal exactly when their keys are the same string. */
  key(text: string): string;
  compare(left: string, right: string): number;
  readonly caseSensitive: boolean;
}

function withoutTrailingBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 32) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 126) return false;
  return true;
}

function byKey(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

function linguistic(name: string, caseSensitive: boolean, accentSensitive: boolean): Collation {
  const sensitivity = caseSensitive ? "variant" : accentSensitive ? "accent" : "base";
  const collator = new Intl.Collator("en", { sensitivity, caseFirst: "false" });
  const key = (text: string): string => {
    let folded = withoutTrailingBlanks(text);
    if (!isPlain(folded)) {
      folded = folded.normalize(accentSensitive ? "NFC" : "NFD");
      if (!accentSensitive) folded = folded.replace(/\p{M}/gu, "");
    }
    return caseSensitive ? folded : folded.toLowerCase();
  };
  const compare = (left: string, right: string): number => {
    if (left === right) return 0;
    const leftKey = key(left);
    const rightKey = key(right);
    if (leftKey === rightKey) return 0;
    const order = collator.compare(leftKey, rightKey);
    // Keys that differ are never equal: grouping by hash and by order must agree.
    return order !== 0 ? order : byKey(leftKey, rightKey);
  };
  return { name, key, compare, caseSensitive };
}

function binary(name: string): Collation {
  const key = withoutTrailingBlanks;
  return { name, key, compare: (left, right) => byKey(key(left), key(right)), caseSensitive: true };
}

const KNOWN = new Map<string, Collation>();

/** The collation of the server and of every database of the lab unless a statement names another. */
export const DEFAULT_COLLATION_NAME = "SQL_Latin1_General_CP1_CI_AS";

/** Finds a collation by name. @throws BindError 448 for a name of no collation family */
export function collationOf(name: string): Collation {
  const folded = name.toLowerCase();
  const known = KNOWN.get(folded);
  if (known !== undefined) return known;
  const found = parseCollation(name, folded);
  KNOWN.set(folded, found);
  return found;
}

const FAMILY = /^(?:sql_[a-z0-9_]+?|[a-z][a-z0-9_]*?)_(?:(bin2?)|(c[is])_(a[is])(?:_ks)?(?:_ws)?(?:_sc)?)$/;

function parseCollation(name: string, folded: string): Collation {
  if (folded === "database_default" || folded === "catalog_default") return collationOf(DEFAULT_COLLATION_NAME);
  const parts = FAMILY.exec(folded);
  if (parts === null) throw unknown(name);
  if (parts[1] !== undefined) return binary(name);
  return linguistic(name, parts[2] === "cs", parts[3] === "as");
}

function unknown(name: string): BindError {
  return bindErrors.collationUnknown(name);
}

export const DEFAULT_COLLATION: Collation = collationOf(DEFAULT_COLLATION_NAME);

/** Characters 0x80 to 0x9F of code page 1252; the rest of it is Latin-1. */
const CP1252_HIGH =
  "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178";

/** The text as char and varchar can hold it: what code page 1252 does not have becomes `?`. */
export function toCodePage(text: string): string {
  if (isPlain(text)) return text;
  let result = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    const fits = code < 0x80 || (code >= 0xa0 && code <= 0xff) || CP1252_HIGH.includes(character);
    result += fits ? character : "?".repeat(character.length);
  }
  return result;
}

/** Bytes of a char or varchar value in code page 1252. */
export function codePageBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const high = code > 0xff || (code >= 0x80 && code < 0xa0) ? CP1252_HIGH.indexOf(text.charAt(index)) : -1;
    bytes[index] = high >= 0 ? 0x80 + high : code > 0xff ? 0x3f : code;
  }
  return bytes;
}

/** Text of bytes in code page 1252. */
export function codePageText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes)
    text += byte >= 0x80 && byte < 0xa0 ? CP1252_HIGH.charAt(byte - 0x80) : String.fromCharCode(byte);
  return text;
}
