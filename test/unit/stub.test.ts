import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import { describe, it } from "mocha";
import { handler } from "../../providers/host";
import { kinds, stub } from "../../providers/stub";

describe("stub", () => {
  // These lines stand in states: a refresh runs them with whatever code is present then.
  it("is the text that was released", () => {
    assert.deepEqual(
      kinds.map((kind) => stub(kind)),
      [
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("Preflight");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("ClearedActiveServers");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("DatabaseMirroring");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("WriteFence");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("DatabaseBackup");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("DatabaseRestore");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("LogShipping");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("ActiveServers");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("PoolState");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("TailLogBackup");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("RestoredLogs");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("RemovedLogShipping");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("DatabaseRecovery");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("LogBackupJob");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("ChatService");',
        'exports.handler = () => require(process.cwd() + "/providers/load.js").handler("DroppedMirrorCopies");',
      ],
    );
  });

  it("loads a handler with the methods that the engine calls", () => {
    const loaded: { exports: { handler?: () => Record<string, unknown> } } = { exports: {} };
    for (const kind of kinds) {
      const run = compileFunction(stub(kind), ["exports", "require", "process"]) as (...args: unknown[]) => void;
      run(loaded.exports, createRequire(__filename), process);
      const made = loaded.exports.handler?.() ?? {};
      for (const method of ["configure", "check", "diff", "read", "create", "update", "delete"]) {
        assert.equal(typeof made[method], "function", `${kind}.${method}`);
      }
    }
  });

  it("refuses a kind that this version does not know", () => {
    assert.throws(() => handler("Unheard"), /no resource kind Unheard/);
  });
});
