/**
 * Tokens in a step's command, `$(ESCAPE_SQUOTE(JOBID))`, put in before the step runs.
 * Source: sql-docs ssms/agent/use-tokens-in-job-steps.md.
 */

const TOKEN = /\$\(([^()$]*)(?:\(([^()]*)\))?\)/g;

const ESCAPES: Readonly<Record<string, (text: string) => string>> = {
  ESCAPE_SQUOTE: (text) => text.replaceAll("'", "''"),
  ESCAPE_DQUOTE: (text) => text.replaceAll('"', '""'),
  ESCAPE_RBRACKET: (text) => text.replaceAll("]", "]]"),
  ESCAPE_NONE: (text) => text,
};

/** Thrown for a command whose tokens cannot be put in; the message is the reason that sysjobhistory tells. */
export class TokenError extends Error {}

/**
 * Puts the tokens in.
 * @param values by token name in upper case: JOBID, STEPID, SRVR, MACH, DATE …
 * Throws TokenError: a token that does not exist, or one without an escape macro.
 */
export function replaceTokens(command: string, values: Readonly<Record<string, string>>): string {
  return command.replace(TOKEN, (_, first: string, inner: string | undefined) => {
    const name = (inner ?? first).trim().toUpperCase();
    const value = values[name];
    if (value === undefined) throw new TokenError(`Variable ${(inner ?? first).trim()} not found`);
    const escape = inner === undefined ? undefined : ESCAPES[first.trim().toUpperCase()];
    if (escape === undefined)
      throw new TokenError(
        "The job step contains one or more tokens. For SQL Server 2005 Service Pack 1 or later, all job steps with tokens must be updated with a macro before the job can run.",
      );
    return escape(value);
  });
}
