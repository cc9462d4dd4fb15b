import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { Desired } from "../../estate/desired";
import type { Drift } from "../../estate/drift/drift-types";
import { desiredInputs, type InputValue, isSection, sectionOf, type StepInputs } from "../../estate/plan-inputs";
import type { Seen } from "../../estate/pool-run";
import { failbackKeys } from "../../estate/plan-types";
import { toDrError } from "../../estate/errors";
import {
  addresses,
  derived,
  type DriftCase,
  type ExpectedRow,
  failedOverRows,
  lastCases,
  steadyCases,
} from "./drift-cases";
import { DriftEstate } from "./drift-estate";

/** The rows of a report as the table has them; `desired` is looked up in the inputs unless the table gives it. */
function assertRows(drift: Drift, expected: readonly ExpectedRow[], desired: Desired): void {
  const wanted = expected.map(({ step, property, observed, severity, ...one }) => ({
    step,
    property,
    observed,
    severity,
    desired: one.desired ?? valueAt(desiredInputs(desired, step === "F0" ? "F4" : step), property),
  }));
  // Chat servers come and go behind what a person does to list, state and copy: their row belongs to the case about them.
  const about = expected.some((row) => row.step === "F7b");
  const rows = drift.rows.filter((row) => about || row.step !== "F7b");
  const found = rows.map(({ step, property, observed, severity, desired: then }, at) => {
    const row = expected[at];
    const begun = row?.begins === true && textOf(observed).startsWith(textOf(row.observed));
    return { step, property, observed: begun ? row.observed : observed, severity, desired: then };
  });
  assert.deepEqual(found, wanted);
  assert.deepEqual(drift.unread, []);
}

/** Pulumi shows the same: a resource that is not done, with the observed value where the property is one of its inputs. */
function assertShown({ observation, plan }: Seen, expected: readonly ExpectedRow[], desired: Desired): void {
  for (const { step, property, observed } of expected) {
    const { inputs, step: told } = sectionOf(observation, desired, plan, step);
    assert.match(told, /^open: /);
    const shown = valueAt(inputs, property);
    if (shown !== undefined && !isSection(shown)) assert.deepEqual(shown, observed);
  }
}

function valueAt(inputs: StepInputs, path: string): InputValue | undefined {
  let value: InputValue | undefined = inputs;
  for (const key of path.split(".")) value = isSection(value) ? value[key] : undefined;
  return value;
}

const textOf = (value: InputValue): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Paths of all inputs that are no sections: `primary.backupJob.enabled`. */
function leaves(value: InputValue | undefined, path: string): string[] {
  if (!isSection(value)) return [path];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, path === "" ? key : `${path}.${key}`));
}

async function refusal(action: Promise<void>): Promise<string> {
  return action.then(
    () => assert.fail("it was not refused"),
    (thrown: unknown) => toDrError(thrown).message,
  );
}

describe("drift of a pool at home", function () {
  this.timeout(60_000);
  let estate: DriftEstate;
  before(async () => {
    estate = await DriftEstate.start("steady");
  });
  after(() => estate.stop());

  it("is clean as long as nobody changes anything", async () => {
    const { drift } = await estate.look();
    assert.deepEqual([drift.rows, drift.unread, drift.attended], [[], [], ""]);
  });

  it("has a case for every input of every resource", () => {
    const desired = estate.desired();
    const inputs = failbackKeys.flatMap((key) =>
      leaves(desiredInputs(desired, key), "").map((path) => `${key} ${path}`),
    );
    const about = new Set([
      ...steadyCases.flatMap((one) => one.about),
      ...failedOverRows.map(({ step, property }) => `${step} ${property}`),
      ...addresses,
      ...derived,
    ]);
    assert.deepEqual(
      inputs.filter((input) => !about.has(input)),
      [],
    );
    const known = new Set(inputs);
    assert.deepEqual(
      [...steadyCases.flatMap((one) => one.about), ...addresses, ...derived].filter((input) => !known.has(input)),
      [],
    );
  });

  for (const one of steadyCases) {
    it(one.what, async () => {
      const before = await estate.settings();
      await play(estate, one);
      for (const deed of one.tidy ?? []) await estate.does(deed);
      // Databases and mirroring are none of the settings: those cases say for themselves what a person undoes.
      assert.equal(await estate.settings(), before);
    });
  }

  for (const one of lastCases) it(one.what, () => play(estate, one));

  it("names a copy that was opened by hand, decides nothing, and lets nobody begin", async () => {
    await estate.does({ on: "SQL-B1", sql: "RESTORE DATABASE mgc WITH RECOVERY;" });
    const { drift } = await estate.look();
    const unclear = { step: "F0", property: "authority", desired: "primary", severity: "service" } as const;
    assertRows(drift, [{ ...unclear, observed: "unclear (BOTH_ONLINE)" }], estate.desired());
    const mark = await estate.mark();
    for (const unattended of [true, false]) {
      assert.match(await refusal(estate.up(estate.desired({ unattended }))), /authority: unclear \(BOTH_ONLINE\)/);
      assert.match(await refusal(estate.step("F5", estate.desired({ unattended }))), /BOTH_ONLINE/);
    }
    assert.deepEqual(await estate.changesSince(mark), []);
  });
});

describe("drift of a pool that was failed over", function () {
  this.timeout(60_000);
  let estate: DriftEstate;
  before(async () => {
    estate = await DriftEstate.start("failed-over");
  });
  after(() => estate.stop());

  it("names every resource with both values, and that a person brings the chat home", async () => {
    const { drift, seen } = await estate.look();
    assertRows(drift, failedOverRows, estate.desired());
    assertShown(
      seen,
      failedOverRows.filter((row) => row.step !== "F0"),
      estate.desired(),
    );
    assert.ok(drift.rows.every((row) => row.mendedBy === "attended-up"));
    assert.equal(drift.attended, "bring the chat home (F1, F2, F2b, F3, F4, F5, F6, F7, F7b, F8)");
  });

  it("is not mended by an unattended run, as a whole or step by step", async () => {
    const mark = await estate.mark();
    const says = /this run is unattended and would bring the chat home \(F1, F2, F2b, F3, F4, F5, F6, F7, F7b, F8\)/;
    assert.match(await refusal(estate.up()), says);
    for (const key of failbackKeys.slice(1)) assert.match(await refusal(estate.step(key)), says, key);
    assert.deepEqual(await estate.changesSince(mark), []);
  });

  it("is not touched by a run that adopts, whoever starts it", async () => {
    const mark = await estate.mark();
    for (const unattended of [true, false]) await estate.up(estate.desired({ adopt: true, unattended }));
    assert.deepEqual(await estate.changesSince(mark), []);
  });
});

/** Changes the estate, reads the drift, has it mended or refused, and looks again. */
async function play(estate: DriftEstate, one: DriftCase): Promise<void> {
  for (const deed of one.deeds) await estate.does(deed);
  const desired = estate.desired();
  await eventually(async () => {
    const { drift, seen } = await estate.look();
    assertRows(drift, one.rows, desired);
    assertShown(seen, one.rows, desired);
  });
  const mark = await estate.mark();
  if (one.refused === undefined) await estate.up();
  else assert.match(await refusal(estate.up()), one.refused.says);
  assert.deepEqual(await estate.changesSince(mark), one.up ?? []);
  await mendByPerson(estate, one);
  await eventually(async () => {
    const { drift } = await estate.look();
    assert.deepEqual([drift.rows, drift.attended], [[], ""]);
  });
}

/** What an attended `up` and a person's hand do about it. */
async function mendByPerson(estate: DriftEstate, one: DriftCase): Promise<void> {
  if (one.refused !== undefined) {
    const person = estate.desired({ unattended: false });
    const mark = await estate.mark();
    if (one.refused.attended === null) assert.match(await refusal(estate.up(person)), one.refused.says);
    else await estate.up(person);
    assert.deepEqual(await estate.changesSince(mark), one.refused.attended ?? []);
  }
  for (const deed of one.byHand ?? []) await estate.does(deed);
  if (one.then === undefined) return;
  const mark = await estate.mark();
  await estate.up();
  assert.deepEqual(await estate.changesSince(mark), one.then);
}

/** Sessions of mirrors and chat servers follow what was done to them in their own time: looks until it holds. */
async function eventually(look: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await look();
    } catch (thrown) {
      if (Date.now() > deadline) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
