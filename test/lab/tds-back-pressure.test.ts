import assert from "node:assert/strict";
import { Request } from "tedious";
import { createCertificate, type Certificate } from "../../lab/tds/certificate";
import { TdsVersion } from "../../lab/tds/login7";
import { ResponseWriter } from "../../lab/tds/response-writer";
import type { TdsServerOptions } from "../../lab/tds/server";
import { TestSession } from "../unit/support/memory-host";
import { withConnection, withServer } from "./tds-clients";
import { column, ScriptedBackend } from "./tds-scripted-backend";

const MIB = 2 ** 20;
/** Rows of 2,000 bytes: more than the system's buffers of a loopback connection hold. */
const ROWS = 40_000;
const TEXT = "x".repeat(1000);
const ROW_BYTES = 2 * TEXT.length;
/** What the server may be ahead of a client that does not read: its own buffers and those of the system, both sides. */
const AHEAD_BYTES = 24 * MIB;
/** Looks in a row that must find the same count before it is taken for standing still. */
const LOOKS = 40;
const LOOK_MS = 5;

describe("TDS: a client that does not keep up", () => {
  let certificate: Certificate;
  before(async () => {
    certificate = await createCertificate(["localhost", "127.0.0.1"]);
  });

  for (const encrypt of [false, true])
    it(`stops the rows${encrypt ? " through TLS" : ""} until it reads again`, async () => {
      let produced = 0;
      const backend = new ScriptedBackend(async (_, sink) => {
        sink.columns([column({ name: "nvarchar", length: 1000 })]);
        for (; produced < ROWS; produced += 1) await sink.row([TEXT]);
        sink.done({ command: 0xc1, rowCount: ROWS, error: false });
      });
      const server: TdsServerOptions = encrypt ? { encryption: "off", certificate } : {};
      await withServer(backend, server, ({ port }) =>
        withConnection(port, { encrypt, trustServerCertificate: true, requestTimeout: 0 }, async (connection) => {
          let received = 0;
          const ended = new Promise<void>((resolve, reject) => {
            const request = new Request("rows", (error) => (error == null ? resolve() : reject(error)));
            request.on("row", () => {
              received += 1;
              if (received > 1) return;
              request.pause();
              void standsStill(() => produced).then((count) => {
                const ahead = (count - received) * ROW_BYTES;
                request.resume();
                if (ahead > AHEAD_BYTES) reject(new Error(`${String(ahead)} bytes ahead of the client`));
              }, reject);
            });
            connection.execSqlBatch(request);
          });
          await ended;
          assert.equal(received, ROWS);
        }),
      );
    });

  it("stops a loop of messages and one of counts", async () => {
    for (const body of ["PRINT REPLICATE(N'x', 1000)", "SET NOCOUNT OFF"]) {
      let [sent, resume] = [0, (): void => undefined];
      let isOpen = false;
      const open = new Promise<void>((resolve) => (resume = resolve));
      const writer = new ResponseWriter({
        send: (bytes) => {
          sent += bytes.length;
          return isOpen ? undefined : open;
        },
        serverName: "SQL-P1",
        sessionId: 51,
        packetSize: 4096,
        tdsVersion: TdsVersion.v7_4,
      });
      const batch = new TestSession().session.batch(
        `DECLARE @i int = 0; WHILE @i < 10000 BEGIN SET @i += 1; ${body} END`,
        writer,
        new AbortController().signal,
      );
      const before = await standsStill(() => sent);
      assert.ok(before > 0 && before < MIB / 8, `${String(before)} bytes of ${body} are on their way`);
      isOpen = true;
      resume();
      await batch;
      void writer.end();
      assert.ok(sent > 2 * before, `the rest of ${body} came after it`);
    }
  });
});

/** Waits until a count stays the same, look after look; answers it. */
async function standsStill(count: () => number): Promise<number> {
  let [last, same] = [-1, 0];
  while (same < LOOKS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    same = count() === last ? same + 1 : 0;
    last = count();
  }
  return last;
}
