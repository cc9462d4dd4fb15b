import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { TestEstate } from "./support/estate";

const drift = "Set-CsPersistentChatActiveServer -ActiveServers @{Remove='chat-p1.dci.discovery.com'} -Confirm:$false";

describe("a converged stack whose pool fails over behind its back", function () {
  this.timeout(240_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("failed-over");
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
    await estate.run("scenario", "failed-over");
  });
  after(() => estate.stop());

  it("refuses a single step out of turn and says which one is open", async () => {
    const lines = await estate.journalLength();
    const result = await estate.stack.up("--target", "**PoolState::lyncpc-pool-state");
    assert.notEqual(result.code, 0, result.output);
    assert.match(result.output, /F7 not begun: F1 is still open/);
    assert.deepEqual(await estate.changesSince(lines), []);
  });

  it("shows every step as an update with a changed property, goes in the document's order and then does nothing", async () => {
    const preview = await estate.stack.preview("--diff");
    assert.equal(preview.code, 0, preview.output);
    assert.equal(
      preview.output.match(/^ *~ pulumi-nodejs:dynamic\/persistent-chat:\w+: \(update\)/gm)?.length,
      13,
      preview.output,
    );
    assert.equal(preview.output.match(/step\s*: "open: .*" => "done"/g)?.length, 13, preview.output);
    const lines = await estate.journalLength();
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
    const changes = (await estate.changesSince(lines)).flatMap((line) => line.changes);
    const at = (kind: string): number => changes.findIndex((change) => change.includes(kind));
    const order = [
      at("sp_start_job"),
      at("Set-CsPersistentChatActiveServer"),
      changes.findIndex((change) => change === "ALTER DATABASE"),
      changes.lastIndexOf("Set-CsPersistentChatActiveServer"),
      at("Set-CsPersistentChatState"),
    ];
    assert.deepEqual(
      order,
      [...order].sort((left, right) => left - right),
      changes.join(", "),
    );
    assert.ok(!order.includes(-1), changes.join(", "));
    const again = await estate.journalLength();
    const second = await estate.stack.up("--expect-no-changes");
    assert.equal(second.code, 0, second.output);
    assert.deepEqual(await estate.changesSince(again), []);
  });
});

describe("a plan that was read", function () {
  this.timeout(300_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("failed-over");
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
  });
  after(() => estate.stop());

  it("is carried out while the chat goes on, and refused by Preflight when the estate has moved", async () => {
    const file = join(estate.stack.folder, "plan.json");
    await estate.shell(drift);
    const saved = await estate.stack.preview("--save-plan", file);
    assert.equal(saved.code, 0, saved.output);
    await estate.run("chat", "start");
    const carriedOut = await estate.stack.up("--plan", file);
    assert.equal(carriedOut.code, 0, carriedOut.output);

    await estate.shell(drift);
    const again = await estate.stack.preview("--save-plan", file);
    assert.equal(again.code, 0, again.output);
    await estate.run("scenario", "failed-over");
    const lines = await estate.journalLength();
    const refused = await estate.stack.up("--plan", file);
    assert.notEqual(refused.code, 0, refused.output);
    assert.match(refused.output, /Preflight[\s\S]*violates plan/);
    assert.deepEqual(await estate.changesSince(lines), []);
  });
});
