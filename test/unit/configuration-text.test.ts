import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { formatProblems, parseConfiguration } from "../../estate/configuration";
import { rawConfiguration } from "../../estate/configuration-text";
import { rawConfiguration as rawPool } from "./support/estate";

const from = (values: Readonly<Record<string, string>>, others: readonly string[] = []): unknown =>
  rawConfiguration((key) => values[key], others);

const texts = (): Record<string, string> => {
  const { pools, active, sql } = rawPool();
  return { pools: JSON.stringify(pools), active, sql: JSON.stringify(sql) };
};

describe("configuration as Pulumi hands it over", () => {
  it("is JSON where it is a structure and text where it is text", () => {
    assert.deepEqual(from({ active: "primary", sql: '{"user":"pchatdr"}', unattended: "true" }), {
      active: "primary",
      sql: { user: "pchatdr" },
      unattended: true,
    });
    // A password of digits stays what was typed.
    assert.deepEqual(from({ sqlPassword: "0123", shellPassword: '{"a":1}' }), {
      sqlPassword: "0123",
      shellPassword: '{"a":1}',
    });
  });

  it("leaves out what is not set, so that defaults apply", () => {
    assert.deepEqual(from({}), {});
    const parsed = parseConfiguration(from(texts()));
    assert.ok(parsed.ok && parsed.value.timeouts.replicationSeconds === 300);
  });

  it("keeps text that is not the JSON it should be: the schema says what was expected there", () => {
    const parsed = parseConfiguration(from({ ...texts(), pools: "[{", timeouts: "soon" }));
    assert.ok(!parsed.ok);
    assert.deepEqual(
      parsed.problems.map((problem) => [problem.path, problem.found]),
      [
        ["pools", '"[{"'],
        ["timeouts", '"soon"'],
      ],
    );
  });

  it("tells a misspelt key together with every other mistake", () => {
    const values = { ...texts(), activ: "primary", sql: '{"user":"pchatdr","encryt":true}' };
    const parsed = parseConfiguration(from(values, ["activ"]));
    assert.ok(!parsed.ok);
    const text = formatProblems(parsed.problems);
    assert.match(text, /activ: expected active /);
    assert.match(text, /sql\.encryt: expected encrypt /);
  });

  it("shows no password in a mistake", () => {
    const parsed = parseConfiguration(from({ ...texts(), sqlPassword: "" }));
    assert.ok(!parsed.ok);
    assert.match(formatProblems(parsed.problems), /sqlPassword: .*found a value that is not shown/);
  });
});
