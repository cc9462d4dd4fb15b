import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { describe, it } from "mocha";
import { ClientFrames, type FrameKind } from "../../tools/conformance-frames";
import { WireRelay, type WireRole } from "../../tools/conformance-wire";

const packet = (type: number, payload: number): Buffer => {
  const bytes = Buffer.alloc(8 + payload, 0x17);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt8(1, 1);
  bytes.writeUInt16BE(bytes.length, 2);
  return bytes;
};
const record = (payload: number): Buffer => {
  const bytes = Buffer.alloc(5 + payload, 0x06);
  bytes.set([0x17, 3, 3], 0);
  bytes.writeUInt16BE(payload, 3);
  return bytes;
};
const [prelogin, login, batch, attention] = [packet(0x12, 30), packet(0x10, 200), packet(0x01, 60), packet(0x06, 0)];
const protectedBatch = record(90);

describe("what conformance sees on the wire", () => {
  it("cuts packets and TLS records, however the socket cuts them", () => {
    const sent = Buffer.concat([prelogin, record(70), batch, attention, record(0), packet(0x03, 1)]);
    for (let size = 1; size <= sent.length; size += 1) {
      const kinds: FrameKind[] = [];
      const frames = new ClientFrames((kind) => kinds.push(kind));
      for (let at = 0; at < sent.length; at += size) frames.push(sent.subarray(at, at + size));
      assert.deepEqual(
        kinds,
        ["prelogin", "TLS", "other", "attention", "TLS", "other"],
        `pieces of ${String(size)} bytes`,
      );
    }
  });

  const cases: readonly (readonly [WireRole, readonly Buffer[], boolean])[] = [
    ["without TLS", [prelogin, login, batch], true],
    ["without TLS", [prelogin, protectedBatch, batch], false],
    ["without TLS", [], false],
    ["TLS for the login only", [prelogin, protectedBatch, batch], true],
    ["TLS for the login only", [prelogin, login, batch], false],
    ["TLS for the login only", [prelogin, protectedBatch, protectedBatch], false],
    ["TLS throughout", [prelogin, protectedBatch, protectedBatch], true],
    ["TLS throughout", [prelogin, protectedBatch, batch], false],
    ["attention", [prelogin, login, batch, attention, batch], true],
    ["attention", [prelogin, login, batch, attention], false],
    ["attention", [prelogin, login, batch, batch], false],
    ["refused login", [prelogin, login], true],
  ];
  for (const [role, sent, expected] of cases) {
    const shown = sent.map((one) => `0x${one.readUInt8(0).toString(16)}`).join(" ");
    it(`${expected ? "accepts" : "finds fault with"} "${role}" of ${shown === "" ? "nothing" : shown}`, async () => {
      assert.equal(await judged(role, sent), expected);
    });
  }
});

/** What a relay says of one connection that sends this; its instance ends it once all is there. */
async function judged(role: WireRole, sent: readonly Buffer[]): Promise<boolean> {
  const expected = Buffer.concat(sent).length;
  const instance = createServer((socket: Socket) => {
    let received = 0;
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received === expected) socket.end();
    });
  });
  instance.listen(0, "127.0.0.1");
  await once(instance, "listening");
  const relay = await WireRelay.start(role, { host: "127.0.0.1", port: (instance.address() as AddressInfo).port });
  try {
    if (sent.length > 0) {
      const client = connect(relay.port, "127.0.0.1");
      client.end(Buffer.concat(sent));
      client.resume();
      await once(client, "close");
    }
    return (await relay.judge(false)).passed;
  } finally {
    relay.close();
    instance.close();
  }
}
