import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { DrError } from "../../estate/errors";
import { pullRequestOf } from "../../tools/comment";
import { commentMarker, commentText } from "../../tools/comment-text";
import type { PullRequest, Variables } from "../../tools/pull-request";
import { type Host, PullRequestHosts } from "../support/pull-request-hosts";

const HOSTS: readonly Host[] = ["github", "gitlab", "azure"];
const TOKEN_OF: Readonly<Record<Host, string>> = {
  github: "GITHUB_TOKEN",
  gitlab: "PERSISTENT_CHAT_DR_COMMENT_TOKEN",
  azure: "SYSTEM_ACCESSTOKEN",
};
const MARKER = commentMarker("primary");

/** As an estate could name a thing, to break out of JSON, of a shell, of a fence, or to give orders to a platform. */
const HOSTILE = `"}],"status":"closed' $(id) \`id\` \\u0022 \u{1f4a5} %0A ${"```"}\n/merge\n  /close\n<!-- x -->`;

describe("the comment of a pull request", () => {
  let folder: string;
  let hosts: PullRequestHosts;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "persistent-chat-comment-"));
    hosts = await PullRequestHosts.start((_, response) => response.writeHead(404).end());
  });
  after(() => {
    hosts.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const pullRequest = (variables: Variables): PullRequest => {
    const pull = pullRequestOf(variables);
    assert.ok(pull !== undefined);
    return pull;
  };

  for (const host of HOSTS) {
    it(`${host}: is made once and then replaced, among many of others`, async () => {
      // One that looks like ours, and more than a page.
      hosts.add(host, "mallory", `${MARKER}\nnothing to see`);
      for (let number = 0; number < 130; number++) hosts.add(host, "alice", `comment ${String(number)}`);
      const others = structuredClone(hosts.comments[host]);
      const pull = pullRequest(hosts.variables(host, folder));
      assert.equal(pull.commit, "c0ffee");
      assert.match(pull.job, /34$/);
      assert.equal(await pull.comment(MARKER, `${MARKER}\n${HOSTILE}`), "created");
      for (let number = 0; number < 130; number++) hosts.add(host, "bob", `answer ${String(number)}`);
      const own = () => hosts.comments[host].filter(({ author }) => !["mallory", "alice", "bob"].includes(author));
      assert.deepEqual(
        own().map(({ text, status }) => [text, status]),
        [[`${MARKER}\n${HOSTILE}`, undefined]],
      );
      assert.equal(await pull.comment(MARKER, `${MARKER}\nsecond`), "updated");
      assert.deepEqual(
        own().map(({ text }) => text),
        [`${MARKER}\nsecond`],
      );
      // Of another stack it is another comment.
      assert.equal(await pull.comment(commentMarker("backup"), `${commentMarker("backup")}\nthird`), "created");
      assert.equal(own().length, 2);
      assert.deepEqual(hosts.comments[host].slice(0, others.length), others);
    });

    it(`${host}: a token that is refused, or missing, is told by name and never shown`, async () => {
      const name = TOKEN_OF[host];
      const pull = pullRequest({ ...hosts.variables(host, folder), [name]: "wrong-secret" });
      await assert.rejects(pull.comment(MARKER, MARKER), (error: DrError) => {
        assert.equal(error.code, "PERMISSION_DENIED");
        assert.match(error.message, /pull-requests: write|scope api|Contribute to pull requests/);
        assert.doesNotMatch(error.message, /wrong-secret/);
        return true;
      });
      assert.throws(
        () => pullRequestOf({ ...hosts.variables(host, folder), [name]: "" }),
        (error: DrError) => error.code === "CONFIGURATION_INVALID" && error.where === name,
      );
    });

    it(`${host}: a platform that does not answer is told`, async () => {
      const gone = await PullRequestHosts.start(() => undefined);
      const pull = pullRequest(gone.variables(host, folder));
      gone.stop();
      await assert.rejects(
        pull.comment(MARKER, MARKER),
        (error: DrError) => error.code === "UNREACHABLE" && /ECONNREFUSED/.test(error.message),
      );
    });
  }

  it("an answer that the reference does not know is told", async () => {
    const strange = await PullRequestHosts.start((_, response) => response.end('{"value":[{"id":"x"}]}'));
    try {
      const variables = strange.variables("azure", folder);
      const pull = pullRequest({ ...variables, SYSTEM_TEAMPROJECT: "elsewhere" });
      await assert.rejects(
        pull.comment(MARKER, MARKER),
        (error: DrError) => error.code === "UNEXPECTED_ANSWER" && /status 200: \{"value"/.test(error.message),
      );
    } finally {
      strange.stop();
    }
  });

  it("is left out where there is no pull request, and refused outside of a job", () => {
    assert.equal(pullRequestOf({ ...hosts.variables("gitlab", folder), CI_MERGE_REQUEST_IID: "" }), undefined);
    const azure = hosts.variables("azure", folder);
    assert.equal(pullRequestOf({ ...azure, SYSTEM_PULLREQUEST_PULLREQUESTID: "" }), undefined);
    assert.equal(pullRequestOf({ ...azure, BUILD_REPOSITORY_PROVIDER: "GitHub" }), undefined);
    assert.throws(() => pullRequestOf({}), /TF_BUILD=True; found none of them/);
  });

  it("says of which commit it is, and that there is no plan", () => {
    const facts = { stack: "primary", commit: "c0ffee", job: "https://ci.contoso.com/34" };
    assert.equal(
      commentText({ ...facts, plan: "### Title\n" }),
      `${MARKER}\n### Title\n\nOf commit c0ffee, by [this job](https://ci.contoso.com/34).\n`,
    );
    assert.match(commentText({ ...facts, plan: undefined }), /^### Persistent Chat, stack primary: no plan$/m);
  });

  it("is cut at a line with its fence closed, and holds no quick action", () => {
    const lines = Array.from({ length: 5000 }, (_, number) => `${String(number)} line of a plan`);
    const plan = ["### Title", "", "````text", ...lines, "```", "/merge", "  /close", "````", ""].join("\n");
    const facts = { stack: "primary", commit: "c0ffee", job: "https://ci.contoso.com/34" };
    const text = commentText({ ...facts, plan });
    assert.ok(text.length <= 65_536);
    assert.match(text, /^\d+ line of a plan\n````\n\nCut off here: .*artefact\.$/m);
    assert.match(text, /Of commit c0ffee/);
    const short = commentText({ ...facts, plan: plan.replace(/^\d+ line.*\n/gm, "") });
    assert.doesNotMatch(short, /^\s*\//m);
    assert.match(short, /^\\\/merge\n {2}\\\/close\n````$/m);
  });
});
