/** PSListModifier: $Null, a list, or a hashtable of Add, Remove and Replace, applied to a list of FQDNs. */
import type { WireValue } from "../control-protocol";
import { type CmdletFailure, failure } from "../shell/error-record";

function invalid(message: string): CmdletFailure {
  return failure(
    "CannotConvertArgumentNoMessage",
    "InvalidArgument",
    "System.Management.Automation.ParameterBindingException",
    message,
  );
}

const cannot = (value: string, reason: string): CmdletFailure =>
  invalid(
    `Cannot bind parameter 'ActiveServers'. Cannot convert value "${value}" to type "System.Management.Automation.PSListModifier\`1[Microsoft.Rtc.Management.Deploy.Fqdn]". Error: "${reason}"`,
  );

const FQDN = /^(?=.{1,255}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i;

function fqdns(value: WireValue): string[] {
  const items: readonly WireValue[] = value instanceof Array ? value : [value];
  return items.map((item) => {
    const text = typeof item === "string" ? item : JSON.stringify(item);
    if (!FQDN.test(text)) throw cannot(text, `${text} is not a valid fully qualified domain name.`);
    return text;
  });
}

/** The list after the modification; order kept, doubles (without case) dropped. */
export function modifyList(list: readonly string[], modifier: WireValue): string[] {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const unique = (items: readonly string[]): string[] =>
    items.filter((item, index) => items.findIndex((other) => same(other, item)) === index);
  if (modifier === null) return [];
  if (typeof modifier !== "object" || Array.isArray(modifier) || !("table" in modifier)) return unique(fqdns(modifier));
  let result = [...list];
  const keys = modifier.table.map(([key]) => key.toLowerCase());
  if (keys.includes("replace") && keys.length > 1)
    throw cannot(
      "System.Collections.Hashtable",
      "The Replace key cannot be used together with the Add key or the Remove key.",
    );
  for (const [key, value] of modifier.table) {
    switch (key.toLowerCase()) {
      case "add":
        result = [...result, ...fqdns(value)];
        break;
      case "remove": {
        const gone = fqdns(value);
        result = result.filter((item) => !gone.some((other) => same(other, item)));
        break;
      }
      case "replace":
        result = fqdns(value);
        break;
      default:
        throw cannot(
          "System.Collections.Hashtable",
          `The hash table key "${key}" is not valid. Use Add, Remove or Replace.`,
        );
    }
  }
  return unique(result);
}
