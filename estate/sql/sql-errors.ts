/** Errors of mssql and tedious as `DrError`s, classified on the cause and never on what merely closes the list. */
import { ConnectionError } from "mssql";
import { DrError, type DrErrorCode } from "../errors";
import { printable } from "../printable";
import { addressOf, placeOf, SQL_PASSWORD_VARIABLE, type SqlEndpoint } from "./endpoint";
import { FOLLOWERS, LOGIN_REFUSALS, MISSING_RIGHTS, SESSION_ENDED } from "./error-numbers";
import { EncryptionDeclined } from "./guarded-socket";

/** One error as SQL Server sent it (MS-TDS 2.2.7.10). */
export interface ServerError {
  readonly number: number;
  /** Severity. */
  readonly class: number;
  readonly state: number;
  readonly text: string;
  /** Line of the batch or procedure, from 1. */
  readonly line: number;
  /** Name of the procedure, "" in a batch. */
  readonly procedure: string;
}

/**
 * The server's errors in the order of arrival. mssql throws the last one and keeps the others in `precedingErrors`;
 * tedious gathers them in `errors` of an AggregateError.
 */
export function serverErrors(thrown: unknown): ServerError[] {
  const last = asRecord(thrown);
  if (last === undefined) return [];
  const preceding = Array.isArray(last["precedingErrors"]) ? (last["precedingErrors"] as unknown[]) : [];
  const gathered = Array.isArray(last["errors"]) ? (last["errors"] as unknown[]) : [];
  return [...preceding, ...gathered, thrown].flatMap((error) => {
    const fields = asRecord(error);
    const number = fields?.["number"];
    if (fields === undefined || typeof number !== "number") return [];
    return [
      {
        number,
        class: Number(fields["class"] ?? 0),
        state: Number(fields["state"] ?? 0),
        text: printable(textOf(fields["message"])),
        line: Number(fields["lineNumber"] ?? 0),
        procedure: printable(textOf(fields["procName"]), 128),
      },
    ];
  });
}

/** The error that tells what happened: the first that is not one of 3013, 3119, 5069. Undefined for an empty list. */
export function causeOf(errors: readonly ServerError[]): ServerError | undefined {
  return errors.find((error) => !FOLLOWERS.has(error.number)) ?? errors[0];
}

/**
 * What a driver threw, as a `DrError`. `doing` says what was being done, for instance "reading msdb".
 * The driver's error is kept as `cause`; its texts hold no password.
 */
export function fromDriver(thrown: unknown, endpoint: SqlEndpoint, doing: string): DrError {
  if (thrown instanceof DrError) return thrown;
  const where = placeOf(endpoint);
  const errors = serverErrors(thrown);
  const cause = causeOf(errors);
  if (cause !== undefined) return fromServer(cause, errors, endpoint, where, doing, thrown);

  const links = [...causes(thrown)];
  const codes = new Set(links.map((link) => link.code));
  const text = printable(links.map((link) => link.message).find((message) => message !== "") ?? String(thrown));
  if (links.some((link) => link.error instanceof EncryptionDeclined)) {
    return new DrError({
      code: "ENCRYPTION_DECLINED",
      summary: "the server declines encryption; nothing of the login was sent",
      where,
      expected: "TLS, because persistent-chat-dr:sql asks for encrypt: true",
      found: "a server that answers PRELOGIN without it",
      hint: "Give the instance a certificate, or set sql.encrypt to false where the network is trusted.",
      cause: thrown,
    });
  }
  if (links.some((link) => CERTIFICATE_CODES.has(link.code))) {
    return new DrError({
      code: "CERTIFICATE_REFUSED",
      summary: `the server's certificate is not accepted: ${text}`,
      where,
      hint: "Trust its issuer (NODE_EXTRA_CA_CERTS), connect by the name that it was issued for, or set sql.trustServerCertificate to true.",
      cause: thrown,
    });
  }
  if (codes.has("EENCRYPT") || links.some((link) => TLS_FAILURE.test(link.code))) {
    return new DrError({
      code: "ENCRYPTION_FAILED",
      summary: `something answers, and there is no agreement on encryption: ${text}`,
      where,
      hint: "Look which TLS versions and certificate the instance has; where it demands encryption, set sql.encrypt to true.",
      cause: thrown,
    });
  }
  if (codes.has("ELOGIN")) return loginFailed(text, endpoint, where, thrown, undefined);
  if (codes.has("ECANCEL") || codes.has("EABORT")) {
    return new DrError({ code: "CANCELLED", summary: `${doing} was cancelled`, where, cause: thrown });
  }
  if (thrown instanceof ConnectionError || codes.has("EINSTLOOKUP")) {
    return new DrError({
      code: "UNREACHABLE",
      summary: `the instance does not answer: ${text}`,
      where,
      expected: `SQL Server listening on ${addressOf(endpoint)}`,
      hint: "Check that the instance runs, that TCP/IP is enabled, the port and the firewall between here and there.",
      cause: thrown,
    });
  }
  if (codes.has("ETIMEOUT")) {
    return new DrError({
      code: "TIMEOUT",
      summary: `${doing} did not end in time`,
      where,
      hint: "Raise sql.requestTimeoutSeconds, or see what blocks the statement (sys.dm_exec_requests).",
      cause: thrown,
    });
  }
  if (codes.has("ESOCKET") || codes.has("ECONNCLOSED") || codes.has("EINVALIDSTATE") || codes.has("ENOTOPEN")) {
    return connectionLost(text, where, doing, thrown);
  }
  return new DrError({ code: "INTERNAL", summary: `${doing} failed: ${text}`, where, cause: thrown });
}

/** Codes of OpenSSL and Node's TLS for a handshake that the other end took part in (Node.js, "Errors", "TLS"). */
const TLS_FAILURE = /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/;

/** Codes of Node's TLS for a certificate that does not hold (Node.js, "TLS", "X509 certificate error codes"). */
const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

function fromServer(
  cause: ServerError,
  errors: readonly ServerError[],
  endpoint: SqlEndpoint,
  where: string,
  doing: string,
  thrown: unknown,
): DrError {
  const numbers = errors.map((error) => error.number);
  if (LOGIN_REFUSALS.has(cause.number)) return loginFailed(cause.text, endpoint, where, thrown, cause.number);
  if (SESSION_ENDED.has(cause.number)) return connectionLost(cause.text, where, doing, thrown);
  const missing = MISSING_RIGHTS.has(cause.number);
  const code: DrErrorCode = missing ? "PERMISSION_DENIED" : "SQL_ERROR";
  return new DrError({
    code,
    summary: `${doing} failed: ${cause.text} (Msg ${cause.number}, Level ${cause.class}, State ${cause.state})`,
    where,
    number: cause.number,
    numbers,
    hint: missing ? `Give the login "${endpoint.user}" the right that is named.` : undefined,
    cause: thrown,
  });
}

function loginFailed(
  text: string,
  endpoint: SqlEndpoint,
  where: string,
  thrown: unknown,
  number: number | undefined,
): DrError {
  return new DrError({
    code: "LOGIN_FAILED",
    summary: text === "" ? `login failed for user '${endpoint.user}'` : text.replace(/\.$/, ""),
    where,
    number,
    hint:
      "The server's error log tells the true reason. Was the password changed? Pulumi reads with the configuration of the " +
      "last run: set PULUMI_RUN_PROGRAM=true (npm run env does) or give the password in " +
      `${SQL_PASSWORD_VARIABLE}.`,
    cause: thrown,
  });
}

function connectionLost(text: string, where: string, doing: string, thrown: unknown): DrError {
  return new DrError({
    code: "CONNECTION_LOST",
    summary: `the connection was lost while ${doing}: ${text}`,
    where,
    hint: "Run the same command again: it reads what the instance holds now and goes on from there.",
    cause: thrown,
  });
}

interface Link {
  readonly error: unknown;
  readonly message: string;
  readonly code: string;
}

/** The error and everything it was made from: `cause`, mssql's `originalError`, members of an AggregateError. */
function* causes(thrown: unknown, depth = 0): Generator<Link> {
  const fields = asRecord(thrown);
  if (fields === undefined || depth > 8) return;
  yield { error: thrown, message: textOf(fields["message"]), code: textOf(fields["code"]) };
  yield* causes(fields["originalError"], depth + 1);
  yield* causes(fields["cause"], depth + 1);
  if (Array.isArray(fields["errors"])) for (const member of fields["errors"]) yield* causes(member, depth + 1);
}

function asRecord(value: unknown): { readonly [field: string]: unknown } | undefined {
  return typeof value === "object" && value !== null ? (value as { [field: string]: unknown }) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
