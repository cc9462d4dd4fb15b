import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { encryptionSalt, projectFile, projectOf, stackFile } from "../../estate/discover/configuration-files";
import type { Discovery } from "../../estate/discover/discovery";
import { Draft } from "../../estate/discover/drafts";

describe("configuration files", () => {
  const project = [
    "name: chat",
    "stackConfigDir: stacks # here",
    "config:",
    "  # mine",
    "  unattended: { type: boolean }",
    "",
  ].join("\n");

  it("hold what was discovered, whatever the estate is called", () => {
    const hostile = [
      "no",
      "1:30",
      "0o7",
      "012",
      "2001-01-01",
      "<<",
      "1e3",
      "# x",
      "a: b",
      "'",
      '"',
      "- x",
      "&a",
      "!!js",
      "{}",
      "%",
      "@x",
      "\u00e9\u200d",
      "a'b\\c",
      "=",
      "~",
    ];
    const pools = [
      {
        name: "p",
        list: hostile,
        nested: Object.fromEntries(hostile.map((name, index) => [`k${String(index)}`, name])),
      },
    ];
    const discovery: Discovery = {
      configuration: { pools, shell: { executable: "C:\\x: #y" }, sql: { user: "on" } },
      gaps: [{ path: "pools[0].nested.k3", reason: "x" }],
      notes: [],
    };
    const text = projectFile(project, "Pulumi.yaml", discovery);
    const read = parse(text) as { config: Record<string, { default: unknown }> };
    assert.deepEqual(read.config["pools"]?.default, pools);
    assert.deepEqual(read.config["shell"]?.default, { executable: "C:\\x: #y" });
    // As a reader of the older YAML has it.
    const older = parse(text, { version: "1.1" }) as typeof read;
    assert.deepEqual(older.config["pools"]?.default, pools);
    assert.match(text, /^ +# gap: x\n +k3: /m);
    assert.match(text, /# mine/);
    assert.match(text, /# here/);
    // Once more: nothing grows.
    assert.equal(projectFile(text, "Pulumi.yaml", discovery), text);
  });

  it("never let a reason out of its comment", () => {
    const draft = new Draft("pools[0]");
    draft.gap("name", "x\nkey: value\r\u2028other: 1\u0085z");
    const discovery: Discovery = {
      configuration: { pools: [{ name: null, fqdn: "chat.contoso.com" }], shell: {}, sql: {} },
      gaps: draft.gaps,
      notes: [],
    };
    const text = projectFile(project, "Pulumi.yaml", discovery);
    for (const line of text.split(/[\r\n\u0085\u2028\u2029]/)) assert.doesNotMatch(line, /^\s*(key|other|z)\b/);
    const read = parse(text) as { config: { pools: { default: unknown } } };
    assert.deepEqual(read.config.pools.default, discovery.configuration.pools);
  });

  it("keep a stack's secrets, and drop the lab's", () => {
    const before = [
      "encryptionsalt: v1:a:v1:b:c",
      "config:",
      "  chat:active: backup # why",
      "  chat:pools: []",
      "  chat:sqlPassword:",
      "    secure: v1:x",
      "  chat:unattended: true",
      "",
    ].join("\n");
    const kept = parse(stackFile(before, "f", "chat", "primary", false)) as Record<string, unknown>;
    assert.deepEqual(kept, {
      encryptionsalt: "v1:a:v1:b:c",
      config: { "chat:active": "primary", "chat:sqlPassword": { secure: "v1:x" }, "chat:unattended": true },
    });
    assert.equal(encryptionSalt(before, "f"), "v1:a:v1:b:c");
    assert.deepEqual(parse(stackFile(before, "f", "chat", "primary", true)), {
      config: { "chat:active": "primary", "chat:unattended": true },
    });
    assert.deepEqual(parse(stackFile("", "f", "chat", "backup", false)), { config: { "chat:active": "backup" } });
  });

  it("are refused when they are none", () => {
    assert.throws(() => projectOf("a: [", "Pulumi.yaml"), /Pulumi\.yaml.*expected YAML/);
    assert.throws(() => projectOf("- 1", "Pulumi.yaml"), /expected a mapping/);
    assert.throws(() => projectOf("runtime: nodejs", "Pulumi.yaml"), /expected a Pulumi project with a name/);
    assert.deepEqual(projectOf(project, "Pulumi.yaml"), { name: "chat", stackFolder: "stacks" });
  });
});
