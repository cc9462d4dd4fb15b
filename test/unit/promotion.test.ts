import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { failureMessages, previewOf, type PlannedStep } from "../../tools/preview-json";
import { movedLines, movedSince, planMarkdown } from "../../tools/promotion";

const urn = (name: string): string => `urn:pulumi:primary::persistent-chat-dr::a$b::${name}`;
const step = (op: string, name: string, before?: object, after?: object) => ({
  op,
  urn: urn(name),
  oldState: before === undefined ? null : { inputs: before },
  newState: after === undefined ? null : { inputs: after },
});

describe("a preview's output", () => {
  it("becomes the properties that differ, without what is not of the estate", () => {
    const before = { __provider: "x", step: "open: late", plan: [], primary: { server: "P", minutes: 15, gone: true } };
    const after = {
      __provider: "x",
      step: "done",
      plan: ["F5"],
      primary: { server: "P", minutes: 60, new: "a\u0007b" },
    };
    const wrong = "has a problem: as it is";
    const preview = previewOf(
      JSON.stringify({
        steps: [
          step("refresh", "a", before, before),
          step("same", "b", before, before),
          step("update", "c", before, after),
        ],
        diagnostics: [
          { urn: urn("c"), message: "1.  F5\n\u001b[31mred\n", severity: "info" },
          {
            urn: urn("c"),
            message: `error: p:Preflight resource 'c': property plan value {[{F5}]} ${wrong}\n`,
            severity: "error",
          },
          {
            urn: urn("c"),
            message: `error: p:Pool resource 'c': property size value {5} ${wrong}\n`,
            severity: "error",
          },
        ],
      }),
    );
    assert.deepEqual(preview.steps, [
      {
        resource: "c",
        operation: "update",
        changes: [
          { path: "plan", now: "[]", then: '["F5"]' },
          { path: "primary.gone", now: "true" },
          { path: "primary.minutes", now: "15", then: "60" },
          { path: "primary.new", then: String.raw`"a\u0007b"` },
        ],
      },
    ]);
    assert.deepEqual(preview.messages, [
      { severity: "info", text: "1.  F5\n[31mred" },
      // Preflight's own words; of another property its name is what they are about.
      { severity: "error", text: "as it is" },
      { severity: "error", text: `p:Pool resource 'c': property size value {5} ${wrong}` },
    ]);
    assert.throws(() => previewOf("error: no stack"));
  });
});

describe("what moved since a plan was made", () => {
  const planned: PlannedStep[] = [
    { resource: "shipping", operation: "update", changes: [{ path: "minutes", now: "15", then: "60" }] },
    { resource: "state", operation: "update", changes: [] },
  ];

  it("is nothing when both previews are the same", () => {
    assert.deepEqual(movedSince(planned, structuredClone(planned)), []);
  });

  it("is each step that came or went, and each value, present or desired", () => {
    const present: PlannedStep[] = [
      {
        resource: "shipping",
        operation: "update",
        changes: [
          { path: "minutes", now: "30", then: "45" },
          { path: "delay", now: "5", then: "0" },
        ],
      },
      { resource: "servers", operation: "update", changes: [{ path: "list", now: '["a"]', then: '["b"]' }] },
    ];
    const moved = movedSince(planned, present);
    assert.deepEqual(
      moved.map(({ resource, what, planned: then, found }) => [resource, what, then, found].join(" ")),
      [
        "shipping delay 0 5",
        "shipping minutes 15 30",
        "shipping desired minutes 60 45",
        "state operation update none",
        "servers operation none update",
        'servers list ["b"] ["a"]',
      ],
    );
    assert.equal(movedLines(moved)[0], "RESOURCE  WHAT             WHEN PLANNED  NOW");
  });

  it("is told for a resource that is created, by its properties", () => {
    const create = (minutes: string): PlannedStep[] => [
      { resource: "shipping", operation: "create", changes: [{ path: "minutes", then: minutes }] },
    ];
    assert.deepEqual(
      movedSince(create("15"), create("60")).map(({ what }) => what),
      ["desired minutes"],
    );
  });
});

describe("a plan as Markdown", () => {
  it("keeps everything that the estate said inside of its fence", () => {
    const text = planMarkdown(
      "primary",
      {
        steps: [{ resource: "a", operation: "update", changes: [{ path: "name", now: "````", then: "```` @all" }] }],
        messages: [
          { severity: "info", text: "1.  F5  Log shipping\n```` <img>" },
          { severity: "error", text: "Agent is stopped" },
        ],
      },
      0,
    );
    const lines = text.split("\n");
    assert.deepEqual([lines[0], lines[2]], ["### Persistent Chat, stack primary", "`````text"]);
    assert.equal(lines.lastIndexOf("`````"), lines.length - 2);
    assert.equal(lines.filter((line) => /^`{5,}/.test(line)).length, 2);
    assert.ok(text.includes("error: Agent is stopped"));
    assert.match(planMarkdown("primary", { steps: [], messages: [] }, 0), /No resource changes\./);
  });

  it("says first that the preview failed, and each reason once", () => {
    const messages = [
      { severity: "info", text: "Pool lyncpc\nerror: Agent is stopped. Start it." },
      { severity: "error", text: "Agent is stopped. Start it." },
      ...failureMessages("error: no stack named 'x' found\n"),
    ];
    assert.deepEqual(planMarkdown("x", { steps: [], messages }, 6).split("\n"), [
      "### Persistent Chat, stack x: no plan, the preview failed (exit code 6)",
      "",
      "```text",
      "Pool lyncpc",
      "error: Agent is stopped. Start it.",
      "",
      "error: no stack named 'x' found",
      "```",
      "",
    ]);
    assert.deepEqual(failureMessages("\n"), []);
  });
});
