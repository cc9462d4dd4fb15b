/** What an instance tells about each request it was asked to run: the lab's journal is made of these entries. */
import type { Argument } from "../tds/backend";
import { sqlLiteral, typeDeclaration } from "./sql-text";

/** One batch or remote procedure call, told when it has ended, also when it failed. */
export interface RequestEntry {
  /** ISO time at which the request began. */
  readonly time: string;
  /** @@SERVERNAME */
  readonly instance: string;
  readonly session: number;
  /** Program name of the connection. */
  readonly client: string;
  readonly host: string;
  readonly login: string;
  readonly kind: "batch" | "rpc";
  /** The text, or the procedure with its arguments as T-SQL would call it; passwords are masked. */
  readonly text: string;
  /** Rows sent to the client. */
  readonly rows: number;
  /** The first error of the request: 3013 and its kind come later and say less. */
  readonly error: { readonly number: number; readonly text: string } | null;
  /** Kinds of the statements executed that change something, in order. */
  readonly changes: readonly string[];
  readonly durationMs: number;
}

const MASK = "'********'";
const STRING = String.raw`N?'(?:[^']|'')*'`;
/** PASSWORD = '…' and OLD_PASSWORD = '…' of logins, media and keys, also as a hash. */
const OPTION = new RegExp(String.raw`\b((?:OLD_)?PASSWORD\s*=\s*)(?:${STRING}|0x[0-9A-Fa-f]*)`, "gi");
/** @…password…, @…pwd… of a procedure, a DECLARE or a SET. */
const VARIABLE = new RegExp(
  String.raw`(@\w*(?:password|passwd|pwd)\w*\s*(?:AS\s+)?(?:n?(?:var)?char\s*\(\s*\w+\s*\)|sysname)?\s*=\s*)${STRING}`,
  "gi",
);
const SECRET_NAME = /password|passwd|pwd/i;

/** The text of a request with the values of passwords taken out. */
export function maskSecrets(text: string): string {
  return text.replace(OPTION, `$1${MASK}`).replace(VARIABLE, `$1${MASK}`);
}

/**
 * A remote procedure call as `EXEC name @a = …`; arguments whose name or text holds a password are masked. A constant cannot
 * be OUTPUT (179), so outputs are variables that are declared before, `@p1` for the first argument, as a trace shows them.
 */
export function renderCall(name: string, args: readonly Argument[]): string {
  const declared: string[] = [];
  const rendered = args.map((argument, index) => {
    const value = SECRET_NAME.test(argument.name) ? MASK : sqlLiteral(argument.value, argument.type);
    const label = argument.name === "" ? "" : `${argument.name} = `;
    if (!argument.output) return label + value;
    const variable = `@p${String(index + 1)}`;
    declared.push(`DECLARE ${variable} ${typeDeclaration(argument.type)} = ${value}; `);
    return `${label}${variable} OUTPUT`;
  });
  return maskSecrets(`${declared.join("")}EXEC ${name}${rendered.length === 0 ? "" : ` ${rendered.join(", ")}`}`);
}
