/** All rules together: how many hold, and that each that does not stands in docs/lab.md with its reason. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { NotHeld, Rule } from "./support";

/** How many rules each subject of the list has; their numbers go from 1 on. Rules beyond it may follow. */
const LIST: Readonly<Record<string, number>> = {
  A: 18,
  B: 29,
  C: 38,
  D: 36,
  E: 40,
  F: 25,
  G: 30,
  H: 28,
  I: 16,
  J: 40,
  K: 15,
};
const LEAST_HELD = 270;

const numbers = Object.entries(LIST).flatMap(([subject, count]) =>
  Array.from({ length: count }, (_, index) => `${subject}${String(index + 1)}`),
);

// `import` would pass the loader by that understands TypeScript here.
const load = createRequire(__filename);

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Every rule, or every rule not held, that a module of this folder exports in a list. */
function exported<One extends Rule | NotHeld>(key: "run" | "reason"): readonly One[] {
  const files = readdirSync(__dirname).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const found = new Set<One>();
  for (const name of files) {
    const lists = Object.values(load(join(__dirname, name)) as Readonly<Record<string, unknown>>).filter(Array.isArray);
    for (const one of lists.flat() as unknown[])
      if (isObject(one) && "number" in one && key in one) found.add(one as One);
  }
  return [...found];
}

/** Numbers in the first column of the table behind "Rules, each a test". */
function documented(): readonly string[] {
  const page = readFileSync(join(__dirname, "..", "..", "..", "docs", "lab.md"), "utf8");
  const [, section = ""] = page.split("## Rules, each a test");
  return section
    .split("\n")
    .flatMap((line) => /^\| ([A-K]\d+(?:, [A-K]\d+)*) +\| \S/.exec(line)?.[1]?.split(", ") ?? []);
}

describe("lab rules: the whole list", () => {
  it("has each number once, with a source where it is documented", () => {
    const rules = exported<Rule>("run");
    const found = rules.map(({ number }) => number);
    assert.deepEqual(
      found.filter((number, index) => found.indexOf(number) !== index),
      [],
    );
    assert.deepEqual(
      found.filter((number) => !/^[A-K][1-9]\d*$/.test(number)),
      [],
    );
    assert.deepEqual(
      rules.filter(({ certainty, source }) => certainty === "documented" && source === "").map(({ number }) => number),
      [],
    );
  });

  it("holds at least 270 of 315, and docs/lab.md names every other one", () => {
    assert.equal(numbers.length, 315);
    const held = new Set(exported<Rule>("run").map(({ number }) => number));
    const ofTheList = numbers.filter((number) => held.has(number));
    assert.ok(ofTheList.length >= LEAST_HELD, `${String(ofTheList.length)} hold`);
    assert.deepEqual(
      [...documented()].sort(),
      numbers.filter((number) => !held.has(number)).sort(),
      "the table of docs/lab.md and the rules that are not there",
    );
  });

  it("gives a reason in the folder for each that it does not hold", () => {
    const reasons = exported<NotHeld>("reason");
    assert.deepEqual(reasons.map(({ number }) => number).sort(), [...documented()].sort());
    assert.ok(reasons.every(({ reason }) => reason !== ""));
  });
});
