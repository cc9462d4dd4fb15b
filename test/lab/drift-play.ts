/** How a case of the drift tables is played: changed, told, mended or refused, and clean again; for both stacks. */
import assert from "node:assert/strict";
import type { Desired } from "../../estate/desired";
import type { Drift } from "../../estate/drift/drift-types";
import { toDrError } from "../../estate/errors";
import { openSteps } from "../../estate/plan";
import { desiredInputs, type InputValue, isSection, sectionOf, type StepInputs } from "../../estate/plan-inputs";
import type { StepKey } from "../../estate/plan-types";
import type { Seen } from "../../estate/pool-run";
import type { DriftCase, ExpectedRow } from "./drift-case";
import type { DriftEstate } from "./drift-estate";

/** The step whose input the state of a copy is that serves and is closed. */
const stateOf = { primary: "F4", backup: "O4" } as const;
/** Steps that prove that the chat serves. */
const proofs: ReadonlySet<StepKey> = new Set(["F7b", "O7b"]);

/** The rows of a report as the table has them; `desired` is looked up in the inputs unless the table gives it. */
export function assertRows(drift: Drift, expected: readonly ExpectedRow[], desired: Desired): void {
  const wanted = expected.map(({ step, property, observed, severity, ...one }) => ({
    step,
    property,
    observed,
    severity,
    desired: one.desired ?? valueAt(desiredInputs(desired, step === "F0" ? stateOf[desired.active] : step), property),
  }));
  // Chat servers come and go behind what a person does to list, state and copy: their row belongs to the case about them.
  const about = expected.some((row) => proofs.has(row.step));
  const rows = drift.rows.filter((row) => about || !proofs.has(row.step));
  const found = rows.map(({ step, property, observed, severity, desired: then }, at) => {
    const row = expected[at];
    const begun = row?.begins === true && textOf(observed).startsWith(textOf(row.observed));
    return { step, property, observed: begun ? row.observed : observed, severity, desired: then };
  });
  assert.deepEqual(found, wanted);
  assert.deepEqual(drift.unread, []);
}

/** Pulumi shows the same: a resource that is not done, with the observed value where the property is one of its inputs. */
export function assertShown({ observation, plan }: Seen, expected: readonly ExpectedRow[], desired: Desired): void {
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

/** What an action that is refused says. */
export async function refusal(action: Promise<void>): Promise<string> {
  return action.then(
    () => assert.fail("it was not refused"),
    (thrown: unknown) => toDrError(thrown).message,
  );
}

/** Every input of the steps is one that the table is about, and the table is about no other. */
export function assertCovered(desired: Desired, keys: readonly StepKey[], about: readonly string[]): void {
  const inputs = keys.flatMap((key) => leaves(desiredInputs(desired, key), "").map((path) => `${key} ${path}`));
  const told = new Set(about);
  assert.deepEqual(
    inputs.filter((input) => !told.has(input)),
    [],
  );
  const known = new Set(inputs);
  assert.deepEqual(
    about.filter((input) => !known.has(input)),
    [],
  );
}

/** A case after which the settings of log shipping and its jobs are what they were. */
export async function playWhole(estate: DriftEstate, one: DriftCase): Promise<void> {
  const before = await estate.settings();
  await play(estate, one);
  for (const deed of one.tidy ?? []) await estate.does(deed);
  // Databases and mirroring are none of the settings: those cases say for themselves what a person undoes.
  assert.equal(await estate.settings(), before);
}

/** Nobody but a person begins it: an unattended run is refused as a whole and step by step, and adopting touches nothing. */
export async function assertLeftToPerson(estate: DriftEstate, says: RegExp): Promise<void> {
  const mark = await estate.mark();
  const { seen } = await estate.look();
  assert.match(await refusal(estate.up()), says);
  for (const { key } of openSteps(seen.plan)) {
    if (key !== "F0") assert.match(await refusal(estate.step(key)), says, key);
  }
  for (const unattended of [true, false]) await estate.up(estate.desired({ adopt: true, unattended }));
  assert.deepEqual(await estate.changesSince(mark), []);
}

/** Changes the estate, reads the drift, has it mended or refused, and looks again. */
export async function play(estate: DriftEstate, one: DriftCase): Promise<void> {
  for (const deed of one.deeds) await estate.does(deed);
  const desired = estate.desired();
  await eventually(async () => {
    const { drift, seen } = await estate.look();
    assertRows(drift, one.rows, desired);
    assertMender(drift, one);
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

/** The report says who mends it; beside what a person has to do there may be something that an `up` does afterwards. */
function assertMender(drift: Drift, { up, refused }: DriftCase): void {
  const menders = new Set(drift.rows.map((row) => row.mendedBy));
  if (up !== null) assert.deepEqual([...menders], ["up"]);
  else assert.ok(menders.has(refused?.attended ? "attended-up" : "person"), [...menders].join(", "));
}

/** What an attended `up` and a person's hand do about it. */
async function mendByPerson(estate: DriftEstate, one: DriftCase): Promise<void> {
  if (one.refused !== undefined) {
    const person = estate.desired({ unattended: false, mode: one.mode ?? null });
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
export async function eventually(look: () => Promise<void>): Promise<void> {
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
