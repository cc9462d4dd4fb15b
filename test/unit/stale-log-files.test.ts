import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { powerShellCommand } from "../../estate/agent-script";
import { moveScript } from "../../estate/steps/stale-log-files";

describe("script that moves old log files away", () => {
  const folder = String.raw`\\files.dci.discovery.com\lslogs`;
  const target = String.raw`\\files.dci.discovery.com\lslogs\stale-7f3a`;

  it("moves the files by name into a folder of their own", () => {
    const script = moveScript(folder, target, ["mgc_1.trn", "mgc_2.wrk"]);
    assert.match(script, /@\('mgc_1\.trn', 'mgc_2\.wrk'\)/);
    assert.ok(script.includes(String.raw`('\\files.dci.discovery.com\lslogs\' + $name)`), script);
    assert.ok(script.includes(`-Destination '${target}'`));
    assert.ok(script.endsWith("exit 0"));
  });

  it("takes hostile names for data, whatever quote they hold", () => {
    const script = moveScript(folder, target, ["mgc_'; exit 0 #.trn", "mgc_\u2019$(1).trn"]);
    assert.ok(script.includes("'mgc_''; exit 0 #.trn'"));
    assert.ok(script.includes("'mgc_\u2019\u2019$(1).trn'"));
    assert.throws(() => moveScript(folder, target, ["mgc_\n.trn"]));
  });

  it("fits into one command line with the longest names of one job", () => {
    const longest = Array.from({ length: 60 }, (_, at) => `${"d".repeat(128)}_${String(20130501021500 + at)}.trn`);
    assert.ok(powerShellCommand(moveScript(folder, target, longest)).length < 32_767);
  });
});
