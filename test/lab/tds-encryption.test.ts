import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import mssql from "mssql";
import { createCertificate, loadOrCreateCertificate } from "../../lab/tds/certificate";
import type { Certificate } from "../../lab/tds/certificate";
import { TdsVersion } from "../../lab/tds/login7";
import { MessageWriter, PacketType } from "../../lab/tds/packets";
import { Encryption, agreeOnEncryption, preloginAnswer, requestedEncryption } from "../../lab/tds/prelogin";
import { serve } from "../../lab/tds/server";
import { connect, run, withConnection, withServer } from "./tds-clients";
import { PASSWORD, ScriptedBackend, USER, column } from "./tds-scripted-backend";

describe("TDS: the certificate", () => {
  it("is self-signed, for the names given, and kept over a restart", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tds-certificate-"));
    try {
      const made = await loadOrCreateCertificate(folder, ["sql-p1.dci.discovery.com"]);
      const certificate = new X509Certificate(made.cert);
      assert(certificate.verify(certificate.publicKey));
      assert.equal(certificate.checkHost("sql-p1.dci.discovery.com"), "sql-p1.dci.discovery.com");
      assert.equal(certificate.checkHost("localhost"), "localhost");
      assert.equal(certificate.checkIP("127.0.0.1"), "127.0.0.1");
      assert.equal(certificate.checkHost("sql-p2.dci.discovery.com"), undefined);
      assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
      assert.equal((await stat(join(folder, "tds-key.pem"))).mode & 0o777, 0o600);
      assert.deepEqual(await loadOrCreateCertificate(folder, ["sql-p1.dci.discovery.com"]), made);
      const renewed = await loadOrCreateCertificate(folder, ["sql-p2.dci.discovery.com"]);
      assert.notEqual(renewed.cert, made.cert);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("is asked for where TLS may be needed", async () => {
    await assert.rejects(serve(new ScriptedBackend(), { encryption: "off" }), /needs a certificate/);
  });
});

describe("TDS: encryption", () => {
  let certificate: Certificate;
  before(async () => {
    certificate = await createCertificate(["localhost", "127.0.0.1"]);
  });
  const opened: (() => Promise<unknown>)[] = [];
  after(() => Promise.all(opened.map((close) => close())));

  it("agrees as the table of MS-TDS 2.2.6.5 says", () => {
    const { off, on, notSupported, required } = Encryption;
    const table = [
      ["notSupported", notSupported, notSupported, "none"],
      ["notSupported", off, notSupported, "none"],
      ["notSupported", on, notSupported, "none"],
      ["off", notSupported, notSupported, "none"],
      ["off", off, off, "login"],
      ["off", on, on, "session"],
      ["off", required, on, "session"],
      ["required", notSupported, required, "session"],
      ["required", off, required, "session"],
      ["required", on, on, "session"],
    ] as const;
    for (const [mode, asked, answer, protection] of table) {
      assert.deepEqual(agreeOnEncryption(mode, asked), { answer, protection }, `${mode}, client asks ${asked}`);
    }
  });

  it("reads back its own PRELOGIN", () => {
    const answer = preloginAnswer({ major: 11, minor: 0, build: 7001 }, Encryption.required);
    assert.equal(requestedEncryption(answer), Encryption.required);
    assert(answer.includes(Buffer.from([11, 0, 0x1b, 0x59, 0, 0])));
  });

  const batchOfRows = new ScriptedBackend(async (_text, sink, _signal, connection) => {
    sink.columns([column({ name: "bit" }), column({ name: "varchar", length: 100 })]);
    for (let row = 0; row < 3000; row++) await sink.row([connection.encrypted ? 1 : 0, "r".repeat(100)]);
    sink.done({ command: 0xc1, rowCount: 3000, error: false });
  });

  for (const [encryption, encrypt] of [
    ["off", true],
    ["off", false],
    ["required", true],
  ] as const) {
    it(`tedious with encrypt ${encrypt} against "${encryption}"`, async () => {
      await withServer(batchOfRows, { encryption, certificate }, ({ port }) =>
        withConnection(port, { encrypt, cryptoCredentialsDetails: { ca: certificate.cert } }, async (connection) => {
          for (let batch = 0; batch < 3; batch++) {
            const { rows } = await run(connection, "SELECT");
            assert.equal(rows.length, 3000);
            assert.deepEqual(rows.at(-1), [encrypt, "r".repeat(100)]);
          }
        }),
      );
    });
  }

  it("a client that trusts the certificate verifies it by name", async () => {
    await withServer(batchOfRows, { encryption: "off", certificate }, ({ port }) =>
      withConnection(
        port,
        {
          encrypt: true,
          trustServerCertificate: false,
          serverName: "localhost",
          cryptoCredentialsDetails: { ca: certificate.cert },
        },
        async (connection) => assert.equal((await run(connection, "SELECT")).rows.length, 3000),
      ),
    );
  });

  it("a client that does not trust it is rid of, and the server goes on", async () => {
    await withServer(batchOfRows, { encryption: "off", certificate }, async ({ port }) => {
      await assert.rejects(connect(port, { encrypt: true, trustServerCertificate: false, serverName: "localhost" }));
      await withConnection(port, { encrypt: true }, async (connection) => {
        assert.equal((await run(connection, "SELECT")).rows.length, 3000);
      });
    });
  });

  it('a client without TLS is told by "required"', async () => {
    await withServer(batchOfRows, { encryption: "required", certificate }, async ({ port }) => {
      await assert.rejects(connect(port, { encrypt: false }), { code: "EENCRYPT" });
    });
  });

  it('"required" reads no login in plain text, with or without PRELOGIN', async () => {
    const backend = new ScriptedBackend();
    await withServer(backend, { encryption: "required", certificate }, async ({ port }) => {
      const packet = (type: number, payload: Buffer): Buffer => {
        const writer = new MessageWriter(type, 4096, 0);
        writer.out.bytes(payload);
        return writer.end();
      };
      // LOGIN7 of TDS 7.4 whose fields are all empty: its fixed part alone.
      const login = Buffer.alloc(94);
      login.writeUInt32LE(login.length, 0);
      login.writeUInt32LE(TdsVersion.v7_4, 4);
      const prelogin = packet(
        PacketType.prelogin,
        preloginAnswer({ major: 0, minor: 0, build: 0 }, Encryption.notSupported),
      );
      for (const first of [Buffer.alloc(0), prelogin]) {
        const socket = connectSocket(port, "127.0.0.1");
        socket.on("error", () => undefined);
        socket.resume();
        socket.write(Buffer.concat([first, packet(PacketType.login7, login)]));
        await new Promise((resolve) => socket.once("close", resolve));
      }
    });
    assert.deepEqual(backend.logins, []);
  });

  it("attention passes through TLS", async () => {
    const backend = new ScriptedBackend(async (_text, sink, signal) => {
      sink.columns([column({ name: "varchar", length: 100 })]);
      while (!signal.aborted) await sink.row(["r".repeat(100)]);
    });
    await withServer(backend, { encryption: "off", certificate }, ({ port }) =>
      withConnection(port, { encrypt: true }, async (connection) => {
        for (let round = 0; round < 3; round++) {
          const { error } = await run(connection, "endless", "execSqlBatch", (request) => {
            request.once("row", () => request.cancel());
          });
          assert.equal(error?.code, "ECANCEL");
        }
      }),
    );
  });

  it("serves a pool of mssql through TLS", async () => {
    const server = await serve(batchOfRows, { certificate });
    opened.push(() => server.close());
    const pool = new mssql.ConnectionPool({
      server: "127.0.0.1",
      port: server.port,
      user: USER,
      password: PASSWORD,
      options: { encrypt: true, trustServerCertificate: true },
    });
    await pool.connect();
    try {
      const answers = await Promise.all([1, 2, 3, 4].map(() => pool.request().batch("SELECT")));
      assert.deepEqual(
        answers.map(({ recordset }) => recordset.length),
        [3000, 3000, 3000, 3000],
      );
    } finally {
      await pool.close();
    }
  });
});
