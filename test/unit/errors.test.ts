import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { DrError, toDrError, withoutStack } from "../../estate/errors";
import { printable } from "../../estate/printable";

describe("DrError", () => {
  it("says where, what, expected, found, its code and what to do", () => {
    const error = new DrError({
      code: "UNREACHABLE",
      summary: "the instance does not answer",
      where: "SQL-P1 (127.0.0.1:1433)",
      expected: "SQL Server",
      found: "nothing",
      hint: "Start it.",
    });
    assert.equal(
      error.message,
      "SQL-P1 (127.0.0.1:1433): the instance does not answer; expected SQL Server; found nothing. [UNREACHABLE] Start it.",
    );
  });

  it("leaves its cause out of reports", () => {
    const error = new DrError({ code: "SQL_ERROR", summary: "refused", cause: new Error("password=x"), number: 1416 });
    assert.deepEqual(JSON.parse(JSON.stringify(error)), { code: "SQL_ERROR", summary: "refused", numbers: [1416] });
  });

  it("is kept by toDrError, and made INTERNAL of everything else", () => {
    const error = new DrError({ code: "TIMEOUT", summary: "late" });
    assert.equal(toDrError(error), error);
    assert.equal(toDrError(new TypeError("x is undefined")).code, "INTERNAL");
    assert.match(toDrError("\u001b[31mred").summary, /^\[31mred$/);
  });

  it("can be thrown without a stack", () => {
    const plain = withoutStack(new DrError({ code: "TIMEOUT", summary: "late" }), "PoolState");
    assert.equal(`${plain.toString()}: ${String(plain.stack)}`, "PoolState: see there");
    assert.equal(plain.message, "late. [TIMEOUT]");
  });
});

describe("printable", () => {
  it("keeps one line without control characters and bidirectional overrides", () => {
    assert.equal(printable("a\r\n\u001b[2Jb\u202ec\u0007"), "a [2Jb c");
    assert.equal(printable("x".repeat(10), 5), "xxxx…");
  });
});
