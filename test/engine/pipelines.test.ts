import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { commentMarker } from "../../tools/comment-text";
import { azureJob, filledIn, githubJob, gitlabJob, type PipelineJob } from "../support/pipeline-steps";
import { type Host, HOST_TOKENS, PullRequestHosts } from "../support/pull-request-hosts";
import { Checkout, type CommandResult } from "./support/checkout";
import { TestEstate } from "./support/estate";

interface Platform {
  readonly name: string;
  /** Where its comments are. */
  readonly host: Host;
  readonly preview: PipelineJob;
  readonly promote: PipelineJob;
  readonly drift: PipelineJob;
  /** Variables that the platform itself sets, for the runner in this folder. */
  readonly variables: (folder: string) => Record<string, string>;
  /** The platform's own actions between the steps: the plan comes from the run of the pull request. */
  readonly handOver: (from: Checkout, to: Checkout) => void;
}

const copyPlan = (from: Checkout, to: Checkout): void =>
  cpSync(join(from.folder, "promotion"), join(to.folder, "promotion"), { recursive: true });

describe("pipelines on a lab", function () {
  this.timeout(300_000);
  let estate: TestEstate;
  let reviewed: Checkout;
  let merged: Checkout;
  let hosts: PullRequestHosts;

  const platforms: Platform[] = [
    {
      name: "GitHub Actions",
      host: "github",
      preview: githubJob("preview.yml", "preview"),
      promote: githubJob("promote.yml", "promote"),
      drift: githubJob("drift.yml", "drift"),
      variables: (folder) => ({ GITHUB_STEP_SUMMARY: join(folder, "summary.md") }),
      handOver: copyPlan,
    },
    {
      name: "Azure DevOps",
      host: "azure",
      preview: azureJob("preview.yml"),
      promote: azureJob("promote.yml"),
      drift: azureJob("drift.yml"),
      variables: () => ({}),
      handOver: copyPlan,
    },
    {
      name: "GitLab",
      host: "gitlab",
      preview: gitlabJob("preview"),
      promote: gitlabJob("promote"),
      drift: gitlabJob("drift"),
      variables: () => ({
        CI_JOB_TOKEN: "job-token",
        CI_COMMIT_MESSAGE: "Merge branch 'a'\n\nShorter retention\n\nSee merge request messaging/chat!12\n",
      }),
      // Its job fetches the files itself.
      handOver: () => undefined,
    },
  ];

  /** GitLab's artefacts of the merge request's newest pipeline. */
  const artifact = (request: IncomingMessage, response: ServerResponse): void => {
    const path = "/api/v4/projects/7/jobs/artifacts/refs%2Fmerge-requests%2F12%2Fhead/raw/promotion/";
    const file = /^(plan|promotion)\.json(?=\?job=preview$)/.exec(request.url?.slice(path.length) ?? "")?.[0];
    const known = request.url?.startsWith(path) === true && request.headers["job-token"] === "job-token";
    if (!known || file === undefined) response.writeHead(404).end();
    else response.end(readFileSync(join(reviewed.folder, "promotion", file)));
  };

  before(async () => {
    estate = await TestEstate.start("steady");
    reviewed = Checkout.create(estate.lab);
    await reviewed.configure(estate.lab);
    const up = await reviewed.pulumi("up", "--yes", "--skip-preview", "--stack", "primary");
    assert.equal(up.code, 0, up.output + up.errors);
    merged = reviewed.moved("merged");
    // Azure Repos' own merge commit.
    const git = (...args: string[]) =>
      merged.run("git", ["-c", "user.name=a", "-c", "user.email=a@contoso.com", ...args]);
    assert.equal((await git("init", "--quiet")).code, 0);
    assert.equal(
      (await git("commit", "--quiet", "--allow-empty", "--message", "Merged PR 12: Shorter retention")).code,
      0,
    );
    hosts = await PullRequestHosts.start(artifact);
  });
  after(async () => {
    hosts.stop();
    await estate.stop();
    reviewed.remove();
  });

  /** Runs a job's steps as its runner would: in order, each a bash script that ends at its first error. */
  const steps = async (
    checkout: Checkout,
    platform: Platform,
    job: PipelineJob,
    others: Readonly<Record<string, string>> = {},
  ): Promise<CommandResult> => {
    const given: NodeJS.ProcessEnv = {
      ...checkout.environment,
      "github.token": HOST_TOKENS.github,
      "System.AccessToken": HOST_TOKENS.azure,
      ...others,
    };
    const values = Object.fromEntries(job.wanted.map((name) => [name, given[name] ?? ""]));
    let last: CommandResult = { code: 0, output: "", errors: "" };
    for (const step of job.steps) {
      // The packages are those of this checkout.
      const script = step.script.replace(/^npm ci$/m, ":");
      const environment = {
        ...hosts.variables(platform.host, checkout.folder),
        // A step has these when it is handed them.
        ...{ GITHUB_TOKEN: "", SYSTEM_ACCESSTOKEN: "" },
        ...platform.variables(checkout.folder),
        ...filledIn(step, values),
      };
      const done = await checkout.run("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], environment);
      last = { code: done.code, output: last.output + done.output, errors: last.errors + done.errors };
      if (done.code !== 0) break;
    }
    return last;
  };

  const threshold = (minutes: number) =>
    estate.ask(
      "backup",
      `EXEC master.dbo.sp_change_log_shipping_secondary_database @secondary_database = N'mgc', @restore_threshold = ${String(minutes)};`,
    );
  const delay = (minutes: number) =>
    estate.ask(
      "backup",
      `EXEC master.dbo.sp_change_log_shipping_secondary_database @secondary_database = N'mgc', @restore_delay = ${String(minutes)};`,
    );

  const reviewedPlan = async (platform: Platform): Promise<void> => {
    const preview = await steps(reviewed, platform, platform.preview);
    assert.equal(preview.code, 0, preview.output + preview.errors);
    const readable = readFileSync(join(reviewed.folder, "promotion", "plan.md"), "utf8");
    assert.match(readable, /^1\. +F5 +Log shipping of mgc {2}/m);
    assert.match(readable, /^lyncpc-log-shipping +secondary\.thresholdMinutes +99 +=> 45$/m);
    if (platform.name === "GitHub Actions")
      assert.ok(readFileSync(join(reviewed.folder, "summary.md"), "utf8").endsWith(readable));
    if (platform.name === "Azure DevOps")
      assert.match(preview.output, /##vso\[task\.uploadsummary\]\/.*promotion\/plan\.md\n/);
    const comments = hosts.comments[platform.host].map(({ text }) => text);
    assert.equal(comments.length, 1, "one comment for all previews");
    assert.ok(comments[0]?.includes(`\n${readable}\nOf commit c0ffee, by [this job](`), comments[0]);
    platform.handOver(reviewed, merged);
  };

  for (const platform of platforms) {
    it(`${platform.name}: executes the reviewed plan, and touches nothing else`, async () => {
      await threshold(99);
      await reviewedPlan(platform);
      const lines = await estate.journalLength();
      const promoted = await steps(merged, platform, platform.promote);
      assert.equal(promoted.code, 0, promoted.output + promoted.errors);
      const [row] = await estate.ask(
        "backup",
        "SELECT restore_threshold AS n FROM msdb.dbo.log_shipping_monitor_secondary;",
      );
      assert.equal(row?.["n"], 45);
      const changes = (await estate.changesSince(lines)).filter((line) => !/sp_(get|release)applock/.test(line.text));
      assert.deepEqual(
        changes.map((line) => line.instance),
        ["SQL-B1"],
        JSON.stringify(changes, undefined, 1),
      );
    });
  }

  it("refuses the reviewed plan when the estate moved in between, and says what moved", async () => {
    const [platform] = platforms;
    assert.ok(platform !== undefined);
    await threshold(99);
    await reviewedPlan(platform);
    const lines = await estate.journalLength();
    try {
      // In a step that the plan has: Pulumi's own plan file binds the steps and not what they would find.
      await delay(5);
      const refused = await steps(merged, platform, platform.promote);
      assert.equal(refused.code, 10, refused.output + refused.errors);
      assert.match(refused.output, /Refused: .*Nothing was changed; preview again\./);
      assert.match(refused.output, /^lyncpc-log-shipping +secondary\.restoreDelayMinutes +0 +5$/m);
      assert.deepEqual(await estate.changesSince(lines), []);
    } finally {
      await delay(0);
      await threshold(45);
    }
  });

  it("says in the comment that the preview of the next push failed, and keeps no plan", async () => {
    const [platform] = platforms;
    assert.ok(platform !== undefined);
    hosts.comments.github.splice(0);
    hosts.add("github", "github-actions[bot]", `${commentMarker("primary")}\n### Plan of the push before`);
    const wrong = { PULUMI_CONFIG_PASSPHRASE: "another" };
    const failed = await steps(reviewed, platform, platform.preview, wrong);
    assert.notEqual(failed.code, 0, failed.output);
    assert.match(failed.output, /The pull request's comment is updated/);
    const [comment, ...more] = hosts.comments[platform.host];
    assert.deepEqual(more, []);
    assert.match(
      comment?.text ?? "",
      /^### Persistent Chat, stack primary: no plan, the preview failed \(exit code \d+\)$/m,
    );
    assert.doesNotMatch(comment?.text ?? "", /No resource changes|lyncpc-log-shipping/);
    assert.deepEqual(readdirSync(join(reviewed.folder, "promotion")), ["plan.md"]);
  });

  it("looks for drift on a schedule: 0 when there is none, 7 when there is, and no change", async () => {
    const lines = await estate.journalLength();
    // The same line on every platform (test/unit/pipelines.test.ts).
    const [platform] = platforms;
    assert.ok(platform !== undefined);
    const clean = await steps(merged, platform, platform.drift);
    assert.equal(clean.code, 0, clean.output + clean.errors);
    await threshold(99);
    try {
      const drifted = await steps(merged, platform, platform.drift);
      assert.equal(drifted.code, 7, drifted.output + drifted.errors);
    } finally {
      await threshold(45);
    }
    assert.deepEqual(await estate.changesSince(lines), []);
  });

  it("refuses a plan of another stack, one that was changed, and one that is not there", async () => {
    const promote = (...options: string[]) => merged.run("npm", ["run", "--silent", "promote", "--", "up", ...options]);
    const made = await reviewed.run("npm", ["run", "--silent", "promote", "--", "preview", "--json"]);
    assert.equal((JSON.parse(made.output) as { outcome: string }).outcome, "planned");
    cpSync(join(reviewed.folder, "promotion"), join(merged.folder, "promotion"), { recursive: true });
    const lines = await estate.journalLength();
    const other = await promote("--stack", "backup");
    assert.deepEqual(
      [other.code, /expected a plan of stack backup; found one of primary/.test(other.errors)],
      [1, true],
      other.errors,
    );
    const plan = join(merged.folder, "promotion", "plan.json");
    writeFileSync(plan, `${readFileSync(plan, "utf8")} `);
    const changed = await promote();
    assert.deepEqual(
      [changed.code, /expected the plan file that was made with it/.test(changed.errors)],
      [1, true],
      changed.errors,
    );
    const absent = await promote("--folder", "nowhere");
    assert.deepEqual([absent.code, /npm run promote -- preview/.test(absent.errors)], [1, true], absent.errors);
    assert.deepEqual(await estate.changesSince(lines), []);
  });
});
