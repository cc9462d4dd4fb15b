/** A call of one of SQL Server's procedures as T-SQL, with its return code and its error both checked. */
import { quoteString } from "./sql/quote";

type Value = string | number | { readonly raw: string };

/** An expression that stands in a call as it is: a variable, or one with OUTPUT. */
export const raw = (text: string): Value => ({ raw: text });

/**
 * A call whose return code and error are both checked; the batch declares `@rc`. Parameters without a value are left out.
 */
export function call(procedure: string, values: { readonly [parameter: string]: Value | undefined }): string {
  const given = Object.entries(values).flatMap(([parameter, value]) =>
    value === undefined ? [] : [`@${parameter} = ${written(value)}`],
  );
  const execute = `EXEC @rc = ${procedure}${given.length > 0 ? `\n  ${given.join(", ")}` : ""};`;
  // @@ERROR must be read in the statement right after EXEC, together with the return code.
  return `${execute}\nIF @@ERROR <> 0 OR @rc <> 0 BEGIN RAISERROR(${quoteString(`${procedure} failed`)}, 16, 1); RETURN; END;`;
}

function written(value: Value): string {
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? quoteString(value) : value.raw;
}
