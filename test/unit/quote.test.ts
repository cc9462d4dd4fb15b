import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { describe, it } from "mocha";
import { DrError } from "../../estate/errors";
import { powerShellList, powerShellLiteral, powerShellText } from "../../estate/shell/quote";
import { quoteName, quoteString } from "../../estate/sql/quote";
import { runPowerShell } from "../../lab/shell/run";

/** Deterministic from its seed, which every failure prints (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Characters that end a literal or a name somewhere, among ordinary ones. */
const ALPHABET = [..."abcXYZ019 .:_-'\"[]`$(){};,|&<>@#%^~!?/\\=+*\t‘’‚‛“”„–—éüß漢字😀\u00a0"];

function words(seed: number, count: number, longest: number): string[] {
  const random = generator(seed);
  return Array.from({ length: count }, () =>
    Array.from(
      { length: 1 + Math.floor(random() * longest) },
      () => ALPHABET[Math.floor(random() * ALPHABET.length)] ?? "a",
    ).join(""),
  );
}

const refused = (error: unknown): boolean => error instanceof DrError && error.code === "CONFIGURATION_INVALID";

describe("quoting for T-SQL", () => {
  it("doubles what would end a name or a text", () => {
    assert.equal(quoteName("mgc"), "[mgc]");
    assert.equal(quoteName("a]b"), "[a]]b]");
    assert.equal(quoteString("it's"), "N'it''s'");
    assert.equal(quoteString(""), "N''");
  });

  it("refuses what SQL Server would not take as one name or one text", () => {
    for (const name of ["", "a\0b", "x".repeat(129), "\ud800"]) assert.throws(() => quoteName(name), refused);
    for (const text of ["a\0b", "a\\\nb", "a\rb", "\udc00x"]) assert.throws(() => quoteString(text), refused);
    assert.equal(quoteName("x".repeat(128)).length, 130);
  });

  const seed = randomInt(2 ** 31);
  it(`gives back every name and text, and ends nowhere else (seed ${seed})`, () => {
    for (const word of words(seed, 2000, 40)) {
      const name = quoteName(word);
      assert.match(name, /^\[(?:[^\]]|\]\])*\]$/su, word);
      assert.equal(name.slice(1, -1).replaceAll("]]", "]"), word);
      const text = quoteString(word);
      assert.match(text, /^N'(?:[^']|'')*'$/su, word);
      assert.equal(text.slice(2, -1).replaceAll("''", "'"), word);
    }
  });
});

describe("quoting for PowerShell", () => {
  it("leaves plain names readable", () => {
    assert.equal(
      powerShellText("PersistentChatServer:lyncpc.contoso.com"),
      "'PersistentChatServer:lyncpc.contoso.com'",
    );
    assert.equal(powerShellList(["a", "b"]), "'a','b'");
  });

  it("refuses line breaks, NUL and lone surrogates", () => {
    for (const text of ["a\nb", "a\0", "a\u2028b", "\ud800'"]) {
      assert.throws(() => powerShellText(text), refused);
      assert.throws(() => powerShellLiteral(text), refused);
    }
  });

  const seed = randomInt(2 ** 31);
  it(`is ASCII for commands and gives back every text (seed ${seed})`, async () => {
    const identity = { account: "DCI\\operator", computer: "fe" };
    for (const word of words(seed, 60, 20)) {
      const expression = powerShellText(word);
      assert.match(expression, /^[\x20-\x7e]+$/, word);
      for (const form of [expression, powerShellLiteral(word)]) {
        const { output, error } = await runPowerShell(`Write-Output ('<' + ${form} + '>')`, {
          variables: {},
          identity,
        });
        assert.equal(error, "", word);
        assert.equal(output, `<${word}>\r\n`);
      }
    }
  });
});
