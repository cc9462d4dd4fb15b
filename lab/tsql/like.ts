/**
 * LIKE and PATINDEX: % any text, _ one character, [a-f] [^x] sets, ESCAPE.
 * Source: "LIKE (Transact-SQL)", sql-docs. Trailing blanks of the pattern count, those of the text do not have to match.
 */
import { type Collation } from "./collation";
import { SqlError } from "./errors";

type Piece =
  | { readonly kind: "any" }
  | { readonly kind: "one" }
  | { readonly kind: "text"; readonly character: string }
  | { readonly kind: "set"; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** @throws SqlError 506 for an escape that is not one character */
export function parsePattern(pattern: string, escape: string | undefined): Piece[] {
  if (escape !== undefined && escape.length !== 1)
    throw new SqlError(506, 16, `The invalid escape character "${escape}" was specified in a LIKE predicate.`);
  const pieces: Piece[] = [];
  let at = 0;
  while (at < pattern.length) {
    const character = pattern.charAt(at);
    if (escape !== undefined && character === escape && at + 1 < pattern.length) {
      pieces.push({ kind: "text", character: pattern.charAt(at + 1) });
      at += 2;
    } else if (character === "%") {
      if (pieces.at(-1)?.kind !== "any") pieces.push({ kind: "any" });
      at += 1;
    } else if (character === "_") {
      pieces.push({ kind: "one" });
      at += 1;
    } else if (character === "[") {
      const end = pattern.indexOf("]", at + 1);
      // A bracket that is never closed matches nothing.
      if (end < 0) return [{ kind: "set", negated: false, ranges: [] }];
      pieces.push(parseSet(pattern.slice(at + 1, end), escape));
      at = end + 1;
    } else {
      pieces.push({ kind: "text", character });
      at += 1;
    }
  }
  return pieces;
}

function parseSet(text: string, escape: string | undefined): Piece {
  const negated = text.startsWith("^");
  const body = negated ? text.slice(1) : text;
  const ranges: [string, string][] = [];
  for (let at = 0; at < body.length; at += 1) {
    if (escape !== undefined && body.charAt(at) === escape && at + 1 < body.length) at += 1;
    const low = body.charAt(at);
    if (body.charAt(at + 1) === "-" && at + 2 < body.length) {
      ranges.push([low, body.charAt(at + 2)]);
      at += 2;
    } else ranges.push([low, low]);
  }
  return { kind: "set", negated, ranges };
}

function sameCharacter(left: string, right: string, collation: Collation): boolean {
  if (left === right) return true;
  // key() drops trailing blanks: a blank alone would equal the empty text.
  return left !== " " && right !== " " && collation.key(left) === collation.key(right);
}

function matchesPiece(piece: Piece, character: string, collation: Collation): boolean {
  if (piece.kind === "one") return true;
  if (piece.kind === "text") return sameCharacter(piece.character, character, collation);
  if (piece.kind === "any") return true;
  const inside = piece.ranges.some(
    ([low, high]) =>
      sameCharacter(low, character, collation) ||
      sameCharacter(high, character, collation) ||
      (low !== high && collation.compare(low, character) <= 0 && collation.compare(character, high) <= 0),
  );
  return inside !== piece.negated;
}

/** Whether the whole of `text` from `start` on matches; linear in practice: only the last % is tried again. */
function matchesFrom(pieces: readonly Piece[], text: string, start: number, collation: Collation): boolean {
  let at = start;
  let piece = 0;
  let starPiece = -1;
  let starAt = 0;
  while (at < text.length) {
    const current = pieces[piece];
    if (current?.kind === "any") {
      starPiece = piece;
      starAt = at;
      piece += 1;
    } else if (current !== undefined && matchesPiece(current, text.charAt(at), collation)) {
      piece += 1;
      at += 1;
    } else if (piece === pieces.length && text.slice(at).trimEnd() === "" && at > 0) {
      return true;
    } else if (starPiece >= 0) {
      piece = starPiece + 1;
      starAt += 1;
      at = starAt;
    } else return false;
  }
  while (pieces[piece]?.kind === "any") piece += 1;
  return piece === pieces.length;
}

/** A test for one pattern. */
export function likeMatcher(
  pattern: string,
  escape: string | undefined,
  collation: Collation,
): (text: string) => boolean {
  const pieces = parsePattern(pattern, escape);
  return (text) => matchesFrom(pieces, text, 0, collation);
}

/** PATINDEX: position from 1 of the first match, 0 without one. */
export function patternIndex(pattern: string, text: string, collation: Collation): number {
  const pieces = parsePattern(pattern, undefined);
  if (pieces[0]?.kind !== "any") return matchesFrom(pieces, text, 0, collation) ? 1 : 0;
  const rest = pieces.slice(1);
  if (rest.length === 0) return text.length === 0 ? 0 : 1;
  for (let start = 0; start <= text.length; start += 1) if (matchesFrom(rest, text, start, collation)) return start + 1;
  return 0;
}
