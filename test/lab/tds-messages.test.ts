import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { batchText } from "../../lab/tds/batch";
import { ByteWriter } from "../../lab/tds/byte-writer";
import { MessageReader, MessageWriter, PacketType } from "../../lab/tds/packets";
import type { ClientMessage } from "../../lab/tds/packets";
import { outputOrdinals, parseRemoteProcedureCalls } from "../../lab/tds/remote-procedure-call";
import { parseTransactionRequest } from "../../lab/tds/transaction-request";

/** All bytes of a writer, behind an empty ALL_HEADERS. */
function message(write: (out: ByteWriter) => void): Buffer {
  const out = new ByteWriter();
  out.uint32(4);
  write(out);
  let bytes = Buffer.alloc(0);
  out.take(out.length, out.length, (piece) => (bytes = Buffer.from(piece)));
  return bytes;
}

function intParameter(out: ByteWriter, name: string, value: number, status = 0): void {
  out.shortText(name);
  out.uint8(status);
  out.bytes(Buffer.from([0x26, 4, 4]));
  out.int32(value);
}

describe("TDS: messages", () => {
  it("are put together however the socket cuts them", () => {
    const texts = ["", "a", "b".repeat(1000), "c".repeat(2000)];
    const stream = Buffer.concat(
      texts.map((text) => {
        const writer = new MessageWriter(PacketType.batch, 512, 0);
        writer.out.bytes(Buffer.from(text));
        return Buffer.concat([writer.flush(false), writer.end()]);
      }),
    );
    for (const size of [1, 2, 7, 8, 9, 511, 512, 513, stream.length]) {
      const delivered: ClientMessage[] = [];
      const reader = new MessageReader((one) => delivered.push(one));
      for (let start = 0; start < stream.length; start += size) reader.push(stream.subarray(start, start + size));
      assert.deepEqual(
        delivered.map(({ payload }) => payload.toString()),
        texts,
        `chunks of ${size}`,
      );
    }
  });

  it("carry the bits of their first and last packet", () => {
    const delivered: ClientMessage[] = [];
    const reader = new MessageReader((one) => delivered.push(one));
    reader.push(Buffer.from([1, 0x08, 0, 9, 0, 0, 1, 0, 65, 1, 0x03, 0, 8, 0, 0, 2, 0]));
    reader.push(Buffer.from([6, 0x01, 0, 8, 0, 0, 1, 0]));
    assert.deepEqual(
      delivered.map(({ type, ignored, reset }) => [type, ignored, reset]),
      [
        [PacketType.batch, true, true],
        [PacketType.attention, false, false],
      ],
    );
  });

  it("that are none are refused", () => {
    const read = (...bytes: number[]) => new MessageReader(() => undefined).push(Buffer.from(bytes));
    assert.throws(() => read(0x16), { name: "ProtocolError" });
    assert.throws(() => read(1, 1, 0, 7, 0, 0, 1, 0), { name: "ProtocolError" });
    assert.throws(() => read(1, 0, 0, 8, 0, 0, 1, 0, 3, 1, 0, 8, 0, 0, 1, 0), { name: "ProtocolError" });
  });

  it("hold a batch behind ALL_HEADERS", () => {
    assert.equal(batchText(message((out) => out.text("SELECT N'漢'"))), "SELECT N'漢'");
    assert.throws(() => batchText(Buffer.from([99, 0, 0, 0])), { number: 4002 });
  });
});

describe("TDS: remote procedure calls", () => {
  for (const separator of [0x80, 0xff]) {
    it(`several in a message, by number and by name, split by 0x${separator.toString(16)}`, () => {
      const payload = message((out) => {
        out.uint16(0xffff);
        out.uint16(12);
        out.uint16(2);
        intParameter(out, "", 7);
        intParameter(out, "@b", 8, 1);
        out.uint8(separator);
        out.longText("dbo.p");
        out.uint16(0);
      });
      assert.deepEqual(parseRemoteProcedureCalls(payload), [
        {
          procedure: "sp_execute",
          arguments: [
            { name: "", type: { name: "int" }, value: 7, output: false },
            { name: "@b", type: { name: "int" }, value: 8, output: true },
          ],
        },
        { procedure: "dbo.p", arguments: [] },
      ]);
    });
  }

  it("leave out an argument that asks for its default", () => {
    const call = (last: string): Buffer =>
      message((out) => {
        out.longText("p");
        out.uint16(0);
        intParameter(out, "@a", 0, 0x02);
        intParameter(out, last, 2);
      });
    assert.deepEqual(
      parseRemoteProcedureCalls(call("@b"))[0]?.arguments.map(({ name }) => name),
      ["@b"],
    );
    assert.throws(() => parseRemoteProcedureCalls(call("")), { name: "ProtocolError" });
  });

  it("with an unknown number are refused with 2812", () => {
    const payload = message((out) => {
      out.uint16(0xffff);
      out.uint16(99);
    });
    assert.throws(() => parseRemoteProcedureCalls(payload), { number: 2812 });
  });

  it("get their outputs by name or by order", () => {
    const argument = (name: string, output: boolean) => ({ name, type: { name: "int" }, value: 1, output }) as const;
    const ordinals = (
      args: readonly ReturnType<typeof argument>[],
      outputs: readonly ReturnType<typeof argument>[],
    ): number[] => outputOrdinals(args, outputs).map(({ ordinal }) => ordinal);
    const unnamed = argument("", true);
    assert.deepEqual(
      ordinals([argument("", false), unnamed, argument("", false), unnamed], [unnamed, unnamed]),
      [1, 3],
    );
    assert.deepEqual(ordinals([argument("@a", true), argument("@B", true)], [argument("@b", true)]), [1]);
    assert.throws(() => ordinals([argument("@a", false)], [argument("@a", true)]), /not asked for/);
  });
});

describe("TDS: transaction manager requests", () => {
  const request = (write: (out: ByteWriter) => void) => parseTransactionRequest(message(write));

  it("commit and begin another", () => {
    const both = request((out) => {
      out.uint16(7);
      out.uint8(0);
      out.uint8(1);
      out.uint8(0);
      out.uint8(0);
    });
    assert.deepEqual(both, { action: "commit", name: "", beginAnother: true });
  });

  it("names have their length in bytes", () => {
    const save = request((out) => {
      out.uint16(9);
      out.uint8(4);
      out.text("s1");
    });
    assert.deepEqual(save, { action: "save", name: "s1", beginAnother: false });
  });

  it("distributed transactions and unknown requests", () => {
    assert.equal(request((out) => out.uint16(0)).action, "distributed");
    assert.throws(() => request((out) => out.uint16(2)), { number: 4002 });
  });
});
