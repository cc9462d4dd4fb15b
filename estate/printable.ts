/** What other machines say is hostile: a server's message may hold terminal escapes or a page of text. */

// C0, DEL and C1 controls, line and paragraph separators, bidirectional overrides and isolates.
const NOT_PRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/**
 * Text of another machine as it may be shown: one line, without control characters, at most `limit` UTF-16 units
 * (default 2,000), an ellipsis in place of what was cut off.
 */
export function printable(text: string, limit = 2000): string {
  const line = text.replace(NOT_PRINTABLE, " ").trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`;
}
