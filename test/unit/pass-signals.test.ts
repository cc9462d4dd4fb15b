import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { passSignals, type Surroundings } from "../../tools/pass-signals";

/** The signals that a child is sent while this process gets each of the three. */
function passed(surroundings: Surroundings): string[] {
  const sent: string[] = [];
  const done = passSignals({ kill: (signal) => sent.push(String(signal)) > 0 }, surroundings);
  // The newest listener alone: mocha's own would end the tests.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.listeners(signal).at(-1)?.(signal);
  done();
  return sent;
}

describe("signals for the CLI", () => {
  it("are passed on where nobody else sends them", () => {
    assert.deepEqual(passed({ platform: "linux", terminal: false }), ["SIGINT", "SIGTERM", "SIGHUP"]);
  });

  it("leave Ctrl-C to the terminal, which sends it to both", () => {
    assert.deepEqual(passed({ platform: "linux", terminal: true }), ["SIGTERM", "SIGHUP"]);
  });

  it("never end it on Windows, where kill is no request", () => {
    assert.deepEqual(passed({ platform: "win32", terminal: false }), []);
  });

  it("are listened to no longer than the CLI runs", () => {
    const before = process.listenerCount("SIGTERM");
    passed({ platform: "linux", terminal: false });
    assert.equal(process.listenerCount("SIGTERM"), before);
  });
});
