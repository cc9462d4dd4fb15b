import assert from "node:assert/strict";
import { ConnectionError, RequestError } from "mssql";
import { describe, it } from "mocha";
import { endpointOf, placeOf, type SqlEndpoint } from "../../estate/sql/endpoint";
import { EncryptionDeclined } from "../../estate/sql/guarded-socket";
import { checkRows, guidColumn, lsnColumn, wholeColumn } from "../../estate/sql/rows";
import { causeOf, fromDriver, serverErrors } from "../../estate/sql/sql-errors";
import { clientName } from "../../estate/sql/client-name";
import { DrError } from "../../estate/errors";
import type { Configuration } from "../../estate/configuration";
import { z } from "zod";

const endpoint: SqlEndpoint = {
  server: "SQL-B1",
  host: "127.0.0.1",
  port: 14333,
  instance: undefined,
  user: "pchatdr",
  password: "s3cret!",
  encrypt: false,
  trustServerCertificate: false,
  connectTimeoutSeconds: 8,
  requestTimeoutSeconds: 60,
};

/** An error as mssql hands it over: the last of the server's, the others before it. */
function requestError(...numbers: readonly number[]): RequestError {
  const errors = numbers.map((number) => {
    const info = Object.assign(new Error(`text of ${number}`), {
      info: { number, class: 16, state: 1, lineNumber: 1, procName: "" },
    });
    return new RequestError(info, "EREQUEST");
  });
  const last = errors.pop();
  assert(last !== undefined);
  return Object.assign(last, { precedingErrors: errors });
}

describe("errors of SQL Server", () => {
  it("are classified on the cause, not on what closes the list", () => {
    for (const [numbers, cause] of [
      [[3201, 3013], 3201],
      [[3119, 3013], 3119],
      [[5064, 5069], 5064],
      [[3156, 3119, 3013], 3156],
      [[3013, 911], 911],
      [[4305], 4305],
    ] as const) {
      const thrown = requestError(...numbers);
      assert.equal(causeOf(serverErrors(thrown))?.number, cause);
      const error = fromDriver(thrown, endpoint, "restoring");
      assert.equal(error.number, cause);
      assert.deepEqual([...error.numbers], [...numbers]);
      assert.equal(error.code, "SQL_ERROR");
    }
  });

  it("read an AggregateError of tedious", () => {
    const members = [911, 3013].map((number) => Object.assign(new Error("x"), { number }));
    assert.deepEqual(
      serverErrors(new AggregateError(members)).map((error) => error.number),
      [911, 3013],
    );
  });

  it("name a missing right", () => {
    for (const number of [229, 262, 297, 300, 916]) {
      assert.equal(fromDriver(requestError(number), endpoint, "reading").code, "PERMISSION_DENIED");
    }
  });

  it("tell of the password that Pulumi remembers when a login fails", () => {
    const thrown = new ConnectionError("Login failed for user 'pchatdr'.", "ELOGIN");
    const error = fromDriver(thrown, endpoint, "connecting");
    assert.equal(error.code, "LOGIN_FAILED");
    assert.match(error.message, /^SQL-B1 \(127\.0\.0\.1:14333\): Login failed for user 'pchatdr'\. \[LOGIN_FAILED\]/);
    assert.match(error.hint ?? "", /PULUMI_RUN_PROGRAM=true.*PERSISTENT_CHAT_DR_SQL_PASSWORD/);
    assert(!error.message.includes("s3cret!"));
  });

  it("tell a refused connection, declined encryption, a certificate, a cancel, a time-out and a lost connection apart", () => {
    const wrapped = (inner: Error, code: "ESOCKET"): ConnectionError =>
      new ConnectionError(Object.assign(new Error("outer", { cause: inner }), { code }), code);
    const refused = wrapped(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }), "ESOCKET");
    assert.equal(fromDriver(refused, endpoint, "reading").code, "UNREACHABLE");
    for (const code of ["ECONNRESET", "EHOSTUNREACH", "ENOTFOUND"]) {
      const gone = wrapped(Object.assign(new Error(code), { code }), "ESOCKET");
      assert.equal(fromDriver(gone, endpoint, "reading").code, "UNREACHABLE", code);
    }
    assert.equal(fromDriver(new ConnectionError("in 8000ms", "ETIMEOUT"), endpoint, "reading").code, "UNREACHABLE");
    assert.equal(fromDriver(wrapped(new EncryptionDeclined(), "ESOCKET"), endpoint, "x").code, "ENCRYPTION_DECLINED");
    const expired = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
    assert.equal(fromDriver(wrapped(expired, "ESOCKET"), endpoint, "x").code, "CERTIFICATE_REFUSED");
    for (const code of ["ERR_SSL_UNSUPPORTED_PROTOCOL", "ERR_SSL_EE_KEY_TOO_SMALL", "EPROTO"]) {
      const handshake = Object.assign(new Error("tls"), { code });
      assert.equal(fromDriver(wrapped(handshake, "ESOCKET"), endpoint, "x").code, "ENCRYPTION_FAILED", code);
    }
    const demanded = Object.assign(new ConnectionError("Server requires encryption"), { code: "EENCRYPT" });
    assert.equal(fromDriver(demanded, endpoint, "x").code, "ENCRYPTION_FAILED");
    assert.equal(fromDriver(new RequestError("Canceled.", "ECANCEL"), endpoint, "x").code, "CANCELLED");
    assert.equal(fromDriver(new RequestError("Timeout", "ETIMEOUT"), endpoint, "x").code, "TIMEOUT");
    assert.equal(fromDriver(new RequestError("Connection lost", "ESOCKET"), endpoint, "x").code, "CONNECTION_LOST");
    assert.equal(fromDriver(requestError(596), endpoint, "x").code, "CONNECTION_LOST");
  });

  it("strip what a hostile server puts into a message", () => {
    const thrown = Object.assign(new Error("a\u001b[2J\nb"), { number: 50000 });
    assert.match(fromDriver(thrown, endpoint, "x").message, /a \[2J b/);
  });
});

describe("rows of SQL Server", () => {
  const row = z.object({ id: guidColumn, lsn: lsnColumn.nullable(), n: wholeColumn });

  it("are checked and brought into one form", () => {
    const id = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
    const [rows] = checkRows([[{ id, lsn: "34000000012800001", n: "12" }]], [row], "SQL-B1", "reading");
    assert.deepEqual(rows, [{ id: id.toUpperCase(), lsn: "34000000012800001", n: 12 }]);
  });

  it("are refused with the place of what is wrong, and without its value", () => {
    const wrong = [{ id: "6F9619FF-8B86-D011-B42D-00C04FC964FF", lsn: 3.4e16, n: 1 }];
    const isRefusal = (error: unknown): boolean =>
      error instanceof DrError && error.code === "UNEXPECTED_ANSWER" && /0\.lsn/.test(error.message);
    assert.throws(() => checkRows([wrong], [row], "SQL-B1", "reading"), isRefusal);
    assert.throws(() => checkRows([], [row], "SQL-B1", "reading"), /expected 1 result sets; found 0/);
  });
});

describe("an endpoint", () => {
  const configuration = {
    active: "backup",
    sql: {
      user: "pchatdr",
      encrypt: true,
      trustServerCertificate: false,
      connectTimeoutSeconds: 8,
      requestTimeoutSeconds: 60,
    },
    sqlPassword: "of the configuration",
  } as Configuration;

  it("takes the password of the environment first", () => {
    const instance = { server: "SQL-P1", host: "sql-p1" };
    const variables = { PERSISTENT_CHAT_DR_SQL_PASSWORD: "of the environment" };
    assert.equal(endpointOf(instance, configuration, variables).password, "of the environment");
    assert.equal(endpointOf(instance, configuration, {}).password, "of the configuration");
    assert.throws(
      () => endpointOf(instance, { ...configuration, sqlPassword: undefined }, {}),
      /CONFIGURATION_INVALID[^]*pulumi config set -s backup --secret/,
    );
  });

  it("names port 1433 unless a port or an instance to look up is given", () => {
    const named = { server: "SQL-P1\\RTC", host: "sql-p1", instance: "RTC" };
    assert.equal(placeOf(endpointOf({ server: "SQL-P1", host: "sql-p1" }, configuration, {})), "SQL-P1 (sql-p1:1433)");
    assert.equal(placeOf(endpointOf(named, configuration, {})), "SQL-P1\\RTC (sql-p1\\RTC)");
    assert.equal(endpointOf({ ...named, port: 50001 }, configuration, {}).port, 50001);
  });

  it("is told by a program name of at most 128 ASCII characters", () => {
    const name = clientName({ stack: "primär", run: "x".repeat(200) });
    assert.equal(name.length, 128);
    assert.match(name, /^pchat-dr prim\?r x+$/);
    assert.match(clientName({ stack: "primary", run: "7f3a" }), /^pchat-dr primary 7f3a \S+@\S+$/);
  });
});
