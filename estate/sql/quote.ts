/** T-SQL literals and names. Every statement of the product is composed with these two and nothing else. */
import { DrError } from "../errors";

/** sysname: nvarchar(128). */
const MAX_NAME_LENGTH = 128;

/**
 * A name as a delimited identifier: `mgc` → `[mgc]`, `]` doubled. Brackets hold whatever QUOTED_IDENTIFIER is.
 * Refuses an empty name, more than 128 UTF-16 units and NUL, as SQL Server does.
 */
export function quoteName(name: string): string {
  if (name.length === 0 || name.length > MAX_NAME_LENGTH || name.includes("\0")) {
    throw refused("a name of 1 to 128 characters without NUL", `${name.length} characters`);
  }
  assertWellFormed(name);
  return `[${name.replaceAll("]", "]]")}]`;
}

/**
 * Text as a Unicode literal: `it's` → `N'it''s'`. A line continuation (backslash before a line break) would be
 * swallowed inside a literal, so line breaks are refused together with NUL; no text of the product needs one.
 */
export function quoteString(text: string): string {
  if (/[\0\r\n]/.test(text)) throw refused("text without NUL and line breaks", "one of them");
  assertWellFormed(text);
  return `N'${text.replaceAll("'", "''")}'`;
}

/** A lone surrogate is replaced on the wire by some encoders: what is checked and what arrives would differ. */
function assertWellFormed(text: string): void {
  if (/\p{Surrogate}/u.test(text)) throw refused("well-formed UTF-16", "a lone surrogate");
}

function refused(expected: string, found: string): DrError {
  return new DrError({
    code: "CONFIGURATION_INVALID",
    summary: "text cannot become part of a T-SQL statement",
    expected,
    found,
    hint: "Correct the name in the configuration or in the estate.",
  });
}
