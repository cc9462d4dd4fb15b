import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { cliDirectory, CliMissing, cliPath, ensureCli, type Way } from "../../tools/pulumi-cli";

const parts = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];

function put(folder: string, names: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    writeFileSync(join(folder, name), "#!/bin/sh\n");
    chmodSync(join(folder, name), 0o755);
  }
}

describe("the pinned CLI", () => {
  let home: string;
  const before = process.env["PULUMI_HOME"];
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const whole: Way = (root) => Promise.resolve(put(join(root, "bin"), parts));
  const half: Way = (root) => Promise.resolve(put(join(root, "bin"), parts.slice(0, 1)));
  const failing: Way = () => Promise.reject(new Error("no route to host"));

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "persistent-chat-dr-cli-"));
    process.env["PULUMI_HOME"] = home;
  });
  afterEach(() => {
    if (before === undefined) delete process.env["PULUMI_HOME"];
    else process.env["PULUMI_HOME"] = before;
    rmSync(home, { recursive: true, force: true });
  });

  it("is taken as it is where the launcher's folder is complete", async () => {
    put(cliDirectory(), parts);
    assert.equal(await ensureCli(say, { download: failing, build: failing }), cliPath());
  });

  it("is got anew where that folder is half-built", async () => {
    put(cliDirectory(), parts.slice(0, 2));
    assert.equal(await ensureCli(say, { download: failing, build: whole }), cliPath());
    assert.deepEqual(readdirSync(cliDirectory()).sort(), [...parts].sort());
  });

  it("is not taken from a way that ends well with half of it, and leaves no folder behind", async () => {
    await assert.rejects(ensureCli(say, { download: half }), CliMissing);
    assert.deepEqual(readdirSync(join(home, "versions")), []);
  });

  it("tells why each way failed, and the three ways out", async () => {
    await assert.rejects(ensureCli(say, { download: failing, build: failing }), (error: Error) => {
      assert.match(error.message, /download: no route to host\n {2}- build: no route to host/);
      assert.match(error.message, /1\. let this machine reach the internet/);
      assert.match(error.message, /2\. install Go/);
      assert.match(error.message, /3\. unpack the official release/);
      return true;
    });
  });
});
