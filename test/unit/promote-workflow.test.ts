import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "mocha";
import { githubScript } from "../support/pipeline-steps";

interface PullRequest {
  readonly number: number;
  readonly merged_at: string | null;
  readonly head: { readonly sha: string };
}

interface Run {
  readonly id: number;
  readonly workflow: string;
  readonly head_sha: string;
  readonly conclusion: "success" | "failure";
}

interface Situation {
  /** What was typed into a run that was started by hand. */
  readonly input?: string;
  readonly pulls?: readonly PullRequest[];
  /** Newest first, as GitHub lists them. */
  readonly runs?: readonly Run[];
}

const OWNER = { owner: "messaging", repo: "chat" };
const COMMIT = "merge-commit";

/** What the script did with the action's `core`, in order. */
async function find({ input, pulls = [], runs = [] }: Situation): Promise<[string, ...string[]][]> {
  const done: [string, ...string[]][] = [];
  const core = {
    setOutput: (name: string, value: unknown) => done.push(["output", name, String(value)]),
    notice: (text: string) => done.push(["notice", text]),
    setFailed: (text: string) => done.push(["failed", text]),
  };
  // As GitHub filters, by the parameters of its REST reference ("Commits", "Workflow runs").
  const github = {
    rest: {
      repos: {
        listPullRequestsAssociatedWithCommit: (asked: { owner: string; repo: string; commit_sha: string }) => {
          assert.deepEqual(asked, { ...OWNER, commit_sha: COMMIT });
          return Promise.resolve({ data: pulls });
        },
      },
      actions: {
        listWorkflowRuns: ({ owner, repo, ...asked }: Record<string, string>) => {
          assert.deepEqual({ owner, repo }, OWNER);
          const { workflow_id: workflow, head_sha: sha, status, ...more } = asked;
          assert.deepEqual(more, {});
          const found = runs.filter(
            (run) =>
              (workflow === undefined || run.workflow === workflow) &&
              (sha === undefined || run.head_sha === sha) &&
              (status === undefined || run.conclusion === status),
          );
          return Promise.resolve({ data: { total_count: found.length, workflow_runs: found } });
        },
      },
    },
  };
  const context = {
    repo: OWNER,
    sha: COMMIT,
    payload: input === undefined ? {} : { inputs: { run: input } },
  };
  // The action makes the body of an async function of the script, with these names among its parameters (README of github-script).
  const given = { require: createRequire(__filename), github, context, core };
  const prototype = Object.getPrototypeOf(async () => Promise.resolve()) as {
    constructor: new (...texts: string[]) => (...values: unknown[]) => Promise<unknown>;
  };
  const script = new prototype.constructor(...Object.keys(given), githubScript("promote.yml", "find", "find"));
  await script(...Object.values(given));
  return done;
}

describe("the plan that GitHub's promote workflow looks for", () => {
  const merged: PullRequest = { number: 12, merged_at: "2026-05-01T02:15:00Z", head: { sha: "head-12" } };
  const open: PullRequest = { number: 13, merged_at: null, head: { sha: "head-13" } };
  const workflow = "persistent-chat-preview.yml";
  const run = (id: number, more: Partial<Run> = {}): Run => ({
    ...{ id, workflow, head_sha: "head-12", conclusion: "success" },
    ...more,
  });

  it("is the newest successful preview of the merged pull request's last commit", async () => {
    const runs = [
      run(99, { workflow: "ci.yml" }),
      run(98, { head_sha: "head-13" }),
      run(97, { conclusion: "failure" }),
      run(42),
      run(41),
    ];
    assert.deepEqual(await find({ pulls: [open, merged], runs }), [["output", "run", "42"]]);
  });

  it("is the one that a person names, whatever was merged", async () => {
    assert.deepEqual(await find({ input: "7", pulls: [merged], runs: [run(42)] }), [["output", "run", "7"]]);
  });

  it("is none, with a notice, when no pull request was merged by the commit", async () => {
    for (const pulls of [[], [open]]) {
      const [only, ...more] = await find({ pulls, runs: [run(42, { head_sha: "head-13" })] });
      assert.deepEqual([only?.[0], more], ["notice", []]);
    }
  });

  it("fails, with the pull request's number, when that has no preview that succeeded", async () => {
    assert.deepEqual(await find({ pulls: [merged], runs: [run(97, { conclusion: "failure" })] }), [
      ["failed", "pull request 12 has no preview"],
    ]);
  });
});
