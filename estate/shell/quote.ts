/** Data in a PowerShell command: quoted where it is harmless by its characters, base64 everywhere else. ASCII only. */
import { DrError } from "../errors";

/** Neither a quote of any kind nor anything that PowerShell expands. */
const HARMLESS = /^[A-Za-z0-9.:_-]+$/;

/**
 * Text as a PowerShell expression. PowerShell takes U+2018 to U+201B for single quotes too, so nothing outside
 * `A-Z a-z 0-9 . : _ -` is written between quotes: it travels as base64 and is decoded by the shell.
 * Refuses NUL and line breaks: no name of a topology has them.
 */
export function powerShellText(text: string): string {
  if (HARMLESS.test(text)) return `'${text}'`;
  assertOneLine(text);
  const base64 = Buffer.from(text, "utf8").toString("base64");
  return `([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String('${base64}')))`;
}

/**
 * Text as a single-quoted literal, for a script that travels encoded and is run by PowerShell 2.0 and later: every character that
 * PowerShell takes for a single quote is doubled. Refuses NUL and line breaks.
 */
export function powerShellLiteral(text: string): string {
  assertOneLine(text);
  return `'${text.replace(/['\u2018-\u201b]/g, "$&$&")}'`;
}

/** Texts as the comma list of a parameter or a hash table's value: `'a','b'`. Never empty. */
export function powerShellList(texts: readonly string[]): string {
  if (texts.length === 0) throw new DrError({ code: "INTERNAL", summary: "an empty list has no form in a command" });
  return texts.map(powerShellText).join(",");
}

function assertOneLine(text: string): void {
  if (!/[\0\r\n\u0085\u2028\u2029]/.test(text) && !/\p{Surrogate}/u.test(text)) return;
  throw new DrError({
    code: "CONFIGURATION_INVALID",
    summary: "text cannot become part of a PowerShell command",
    expected: "well-formed text without NUL and line breaks",
    found: "one of them",
    hint: "Correct the name in the configuration or in the topology.",
  });
}
