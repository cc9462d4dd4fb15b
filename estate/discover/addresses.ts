/** The written forms of an instance's address on the command line. Pure. */
import { isHost } from "../configuration-forms";
import { DrError } from "../errors";
import type { AskedAddress, InstanceAddress } from "./evidence";
import { storeParts } from "./stores";

const INSTANCE_FORM = /^[A-Za-z_#$][\w#$]{0,15}$/;

/** `[<store>=]<host>[:<port>]` or `[<store>=]<host>\<instance>`. Throws CONFIGURATION_INVALID. */
export function askedAddress(text: string): AskedAddress {
  const at = text.indexOf("=");
  const store = at < 0 ? undefined : text.slice(0, at);
  const written = text.slice(at + 1);
  const address = addressOf(written);
  if (address !== undefined && store !== "") return { address, ...(store === undefined ? {} : { store }) };
  throw new DrError({
    code: "CONFIGURATION_INVALID",
    summary: "--sql does not name an instance",
    expected: String.raw`<host>, <host>:<port> or <host>\<instance>, with <store>= in front where its name alone does not tell which store it is`,
    found: text,
    hint: String.raw`For example --sql sql-p1.contoso.com --sql "sql-b1.contoso.com\RTC" --sql sql-p2.contoso.com=10.0.0.7:1444`,
  });
}

/** Where a store is reached by the topology's own words: its FQDN, and its instance name where it has one. */
export function addressOfStore(store: string): AskedAddress {
  const { host, instance } = storeParts(store);
  return { address: { host, ...(instance === undefined ? {} : { instance }) }, store };
}

function addressOf(text: string): InstanceAddress | undefined {
  const backslash = text.indexOf("\\");
  if (backslash >= 0) {
    const [host, instance] = [text.slice(0, backslash), text.slice(backslash + 1)];
    return isHost(host) && INSTANCE_FORM.test(instance) ? { host, instance } : undefined;
  }
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) ?? /^([^:]+)(?::(\d{1,5}))?$/.exec(text);
  const host = bracketed?.[1] ?? text;
  const port = bracketed?.[2] === undefined ? undefined : Number(bracketed[2]);
  if (!isHost(host) || (port !== undefined && (port < 1 || port > 65535))) return undefined;
  return { host, ...(port === undefined ? {} : { port }) };
}
