import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Estate } from "../../estate/estate";
import { ObservationStore } from "../../estate/observation-store";
import type { observeSection, SectionName } from "../../estate/observe";

/** A reading under way: its section, and how to end it. */
interface Reading {
  readonly name: SectionName;
  readonly number: number;
  end(): void;
}

/** A store whose readings end when the test says so; a section's value tells the number of its reading. */
function manualStore(): { store: ObservationStore; readings: Reading[] } {
  const readings: Reading[] = [];
  const estate = { pool: { name: "pool1" }, shell: {}, instances: { backup: {} } } as unknown as Estate;
  const read = (_estate: Estate, name: SectionName): Promise<unknown> =>
    new Promise((resolve) => {
      const number = readings.length + 1;
      const section = { reachable: true, begun: 0, ended: 0, value: number };
      readings.push({ name, number, end: () => resolve(section) });
    });
  return { store: new ObservationStore(estate, read as typeof observeSection), readings };
}

const valueOf = (section: unknown): number => (section as { value: number }).value;
/** Lets every promise that can settle do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("observation store", () => {
  it("reads a section once for all who ask", async () => {
    const { store, readings } = manualStore();
    const asked = [store.section("backup"), store.section("backup")];
    await settled();
    assert.equal(readings.length, 1);
    readings[0]?.end();
    assert.deepEqual((await Promise.all(asked)).map(valueOf), [1, 1]);
    assert.equal(valueOf(await store.section("backup")), 1);
  });

  it("does not use a reading that was begun before a change ended, whenever that reading ends", async () => {
    const { store, readings } = manualStore();
    const asked = store.section("backup");
    await settled();
    let finish = (): void => undefined;
    const change = store.change(["backup"], () => new Promise<void>((resolve) => (finish = resolve)));
    readings[0]?.end();
    await settled();
    const during = store.section("backup");
    await settled();
    assert.equal(readings.length, 1, "nobody reads while the change is in hand");
    finish();
    await change;
    await settled();
    assert.equal(readings.length, 2);
    readings[1]?.end();
    assert.deepEqual((await Promise.all([asked, during])).map(valueOf), [2, 2]);
  });

  it("waits for the last of two changes side by side", async () => {
    const { store, readings } = manualStore();
    const ends: (() => void)[] = [];
    const wait = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
    const changes = [store.change(["backup"], wait), store.change(["backup"], wait)];
    const asked = store.section("backup");
    ends[0]?.();
    await changes[0];
    await settled();
    assert.equal(readings.length, 0);
    ends[1]?.();
    await changes[1];
    await settled();
    readings[0]?.end();
    assert.equal(valueOf(await asked), 1);
  });

  it("keeps the sections that a change does not touch", async () => {
    const { store, readings } = manualStore();
    const first = store.observation();
    await settled();
    for (const reading of readings) reading.end();
    await first;
    await store.change(["backup"], async () => undefined);
    const second = store.observation();
    await settled();
    assert.deepEqual(
      readings.slice(2).map((reading) => reading.name),
      ["backup"],
    );
    readings[2]?.end();
    assert.equal(valueOf((await second).shell), 1);
  });

  it("ends the validity also when a change fails, and on demand", async () => {
    const { store, readings } = manualStore();
    await assert.rejects(
      store.change(["shell"], () => Promise.reject(new Error("failed"))),
      /failed/,
    );
    for (const expected of [1, 2]) {
      const asked = store.section("shell");
      await settled();
      readings.at(-1)?.end();
      assert.equal(valueOf(await asked), expected);
      store.invalidate(["shell"]);
    }
  });
});
