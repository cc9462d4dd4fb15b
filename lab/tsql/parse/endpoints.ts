/** Endpoints for database mirroring; other payloads are refused. Source: "CREATE ENDPOINT", "ALTER ENDPOINT". */
import type { EndpointStatement, MirroringEndpointOptions } from "../ast";
import type { Cursor } from "./cursor";
import { parseMerged } from "./merged";

/** Behind CREATE ENDPOINT. */
export function parseCreateEndpoint(cursor: Cursor, line: number): EndpointStatement {
  const name = cursor.identifier();
  const owner = cursor.accept("AUTHORIZATION") ? { owner: cursor.identifier() } : {};
  const state = parseState(cursor);
  cursor.expect("AS");
  const listener = parseListener(cursor);
  cursor.expect("FOR");
  return { kind: "createEndpoint", line, name, ...owner, options: { ...state, ...listener, ...parsePayload(cursor) } };
}

/** Behind ALTER ENDPOINT. */
export function parseAlterEndpoint(cursor: Cursor, line: number): EndpointStatement {
  const name = cursor.identifier();
  const state = parseState(cursor);
  const listener = cursor.accept("AS") ? parseListener(cursor) : {};
  const payload = cursor.accept("FOR") ? parsePayload(cursor) : {};
  const options: MirroringEndpointOptions = { ...state, ...listener, ...payload };
  if (Object.keys(options).length === 0) throw cursor.unexpected();
  return { kind: "alterEndpoint", line, name, options };
}

function parseState(cursor: Cursor): MirroringEndpointOptions {
  if (!cursor.accept("STATE")) return {};
  cursor.expect("=");
  return { state: cursor.expectOneOf(["STARTED", "STOPPED", "DISABLED"] as const) };
}

/** TCP ( LISTENER_PORT = n [, LISTENER_IP = ALL | ('address') ] ). */
function parseListener(cursor: Cursor): MirroringEndpointOptions {
  cursor.expect("TCP");
  return cursor.parenthesized(() =>
    parseMerged(cursor, (): MirroringEndpointOptions => {
      const option = cursor.expectOneOf(["LISTENER_PORT", "LISTENER_IP"]);
      cursor.expect("=");
      if (option === "LISTENER_PORT") return { listenerPort: cursor.integer() };
      return { listenerIp: cursor.accept("ALL") ? "ALL" : cursor.parenthesized(() => parseAddress(cursor)) };
    }),
  );
}

/** 'address', or an IPv4 address as bare numbers, which the lexer cuts as 10.0 .0 .1. */
function parseAddress(cursor: Cursor): string {
  if (cursor.isString()) return cursor.string();
  let address = "";
  while (["integer", "decimal"].includes(cursor.token.type) || cursor.is(".")) address += cursor.next().text;
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) throw cursor.unexpected();
  return address;
}

/** DATABASE_MIRRORING ( AUTHENTICATION = …, ENCRYPTION = …, ROLE = … ). */
function parsePayload(cursor: Cursor): MirroringEndpointOptions {
  cursor.expect("DATABASE_MIRRORING");
  return cursor.parenthesized(() => parseMerged(cursor, () => parsePayloadOption(cursor)));
}

function parsePayloadOption(cursor: Cursor): MirroringEndpointOptions {
  const option = cursor.expectOneOf(["AUTHENTICATION", "ENCRYPTION", "ROLE"]);
  cursor.expect("=");
  if (option === "ROLE") return { role: cursor.expectOneOf(["WITNESS", "PARTNER", "ALL"] as const) };
  if (option === "AUTHENTICATION") return { authentication: parseAuthentication(cursor) };
  const encryption = cursor.expectOneOf(["DISABLED", "SUPPORTED", "REQUIRED"] as const);
  if (encryption === "DISABLED" || !cursor.accept("ALGORITHM")) return { encryption };
  const algorithms = [cursor.expectOneOf(["RC4", "AES"])];
  const second = cursor.acceptOneOf(["RC4", "AES"]);
  if (second !== undefined) algorithms.push(second);
  return { encryption, encryptionAlgorithm: algorithms.join(" ") };
}

/** WINDOWS [NTLM|KERBEROS|NEGOTIATE] and CERTIFICATE name, one of them or both in either order. */
function parseAuthentication(cursor: Cursor): string {
  const words: string[] = [];
  do {
    const method = cursor.expectOneOf(["WINDOWS", "CERTIFICATE"]);
    words.push(method);
    if (method === "CERTIFICATE") words.push(cursor.identifier());
    else {
      const protocol = cursor.acceptOneOf(["NTLM", "KERBEROS", "NEGOTIATE"]);
      if (protocol !== undefined) words.push(protocol);
    }
  } while (words.length < 4 && cursor.isOneOf(["WINDOWS", "CERTIFICATE"]));
  return words.join(" ");
}
