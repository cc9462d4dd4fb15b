/** The configuration as Pulumi hands it over: one text per key, structures as JSON. */
import { configurationKeys } from "./configuration";

/** Keys whose values are text as they stand; every other key holds JSON. */
const plainKeys: ReadonlySet<string> = new Set(["active", "sqlPassword", "shellPassword"]);

/**
 * The raw configuration for `parseConfiguration`. Text that is not the JSON it should be stays text: the schema then says
 * what was expected there.
 * @param get the text of a key without its namespace, undefined where it is not set
 * @param others keys of the namespace that are set besides the known ones, so that a misspelt one is told
 */
export function rawConfiguration(get: (key: string) => string | undefined, others: readonly string[] = []): unknown {
  const keys = [...configurationKeys, ...others];
  return Object.fromEntries(
    keys.flatMap((key) => {
      const text = get(key);
      return text === undefined ? [] : [[key, plainKeys.has(key) ? text : parsed(text)]];
    }),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
