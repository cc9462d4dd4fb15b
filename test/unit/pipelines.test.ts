import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { before, describe, it } from "mocha";
import { parse, parseAllDocuments, parseDocument, visit } from "yaml";
import { scripts } from "../../package.json";
import { projectDirectory } from "../../tools/pulumi-cli";
import { azureJob, githubJob, gitlabJob, pipelineText } from "../support/pipeline-steps";
import { azureSchema, operatorStackSchema } from "./support/pipeline-schemas";

const folder = join(projectDirectory, "pipelines");
const filesOf = (platform: string): string[] =>
  readdirSync(join(folder, platform)).filter((name) => name.endsWith(".yml"));

interface Step {
  readonly target?: unknown;
}

describe("pipelines", () => {
  let parser: typeof import("@actions/workflow-parser");
  before(async function () {
    this.timeout(30_000);
    // Modules only, and with JSON that Node imports by an attribute which the package does not give: tsx's loader needs none.
    const loader = createRequire(__filename)("tsx/esm/api") as {
      tsImport(name: string, from: string): Promise<unknown>;
    };
    parser = (await loader.tsImport("@actions/workflow-parser", __filename)) as typeof parser;
  });

  const parsedWorkflow = (file: string, content: string) =>
    parser.parseWorkflow({ name: file, content }, new parser.NoOperationTraceWriter());

  for (const file of filesOf("github")) {
    it(`github/${file} is a workflow by GitHub's own parser`, async () => {
      const { context, value } = parsedWorkflow(file, pipelineText("github", file));
      assert.deepEqual(
        context.errors.getErrors().map((error) => error.message),
        [],
      );
      assert.ok(value !== undefined);
      const template = await parser.convertWorkflowTemplate(context, value);
      assert.deepEqual(template.errors ?? [], []);
    });
  }

  it("a mistake in a workflow is found", () => {
    const broken = pipelineText("github", "drift.yml")
      .replace("secrets.PULUMI", "secrts.PULUMI")
      .replace("run: npm ci", "runs: npm ci");
    const { context } = parsedWorkflow("x.yml", broken);
    assert.equal(context.errors.getErrors().length >= 2, true);
  });

  it("the GitLab file passes GitLab's own schema", async function () {
    this.timeout(30_000);
    const work = mkdtempSync(join(tmpdir(), "persistent-chat-gitlab-"));
    try {
      copyFileSync(join(folder, "gitlab", "persistent-chat.gitlab-ci.yml"), join(work, ".gitlab-ci.yml"));
      // The program asks git for the project that it stands in.
      execFileSync("git", ["init", "--quiet"], { cwd: work });
      const main = join(projectDirectory, "node_modules", "gitlab-ci-local", "dist", "index.js");
      const checks = promisify(execFile)(process.execPath, [main, "--list-json"], { cwd: work });
      const jobs = JSON.parse((await checks).stdout) as { name: string; when: string; stage: string }[];
      assert.deepEqual(jobs.map((job) => job.name).sort(), ["drift", "preview", "promote"]);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });

  for (const file of filesOf("azure")) {
    it(`azure/${file} is a pipeline`, () => {
      const checked = azureSchema.safeParse(parse(pipelineText("azure", file)));
      assert.ok(checked.success, JSON.stringify(checked.error?.issues, undefined, 1));
    });
  }

  it("the operator's Stack passes its definition, looks for drift and can change nothing", () => {
    const documents = parseAllDocuments(pipelineText("operator", "stack.yaml")).map(
      (one) => one.toJS() as Record<string, unknown>,
    );
    assert.deepEqual(
      documents.map((one) => one["kind"]),
      ["ServiceAccount", "ClusterRoleBinding", "Stack"],
    );
    const { spec } = operatorStackSchema.parse(documents[2]);
    assert.deepEqual(
      [
        spec.preview,
        spec.continueResyncOnCommitMatch,
        spec.destroyOnFinalize,
        spec.updateTemplate?.spec.expectNoChanges,
      ],
      [true, true, false, true],
    );
    assert.equal(spec.envRefs?.["PULUMI_CONFIG_PASSPHRASE"]?.type, "Secret");
  });

  it("a schedule changes nothing, and a plan is executed after an approval only", () => {
    const drifts = [githubJob("drift.yml", "drift"), azureJob("drift.yml"), gitlabJob("drift")];
    for (const { steps } of drifts) {
      assert.deepEqual(
        steps.map((step) => step.script),
        ["npm ci", "npm run --silent drift -- --stack primary"],
      );
    }
    const github = parse(pipelineText("github", "promote.yml")) as { jobs: { promote: { environment: string } } };
    assert.equal(github.jobs.promote.environment, "persistent-chat");
    assert.match(pipelineText("azure", "promote.yml"), /- deployment: primary\n +environment: persistent-chat\n/);
    const gitlab = parse(pipelineText("gitlab", "persistent-chat.gitlab-ci.yml")) as {
      promote: { rules: { when: string }[]; environment: { name: string } };
    };
    assert.deepEqual(
      [gitlab.promote.rules.map((rule) => rule.when), gitlab.promote.environment.name],
      [["manual"], "persistent-chat"],
    );
    // What a fork sends must not run where the estate is reached.
    assert.match(
      pipelineText("github", "preview.yml"),
      /if: github\.event\.pull_request\.head\.repo\.full_name == github\.repository\n/,
    );
    assert.doesNotMatch(pipelineText("github", "preview.yml"), /pull_request_target/);
  });

  it("every platform promotes by the same line", () => {
    const promotes = [githubJob("promote.yml", "promote"), azureJob("promote.yml"), gitlabJob("promote")];
    for (const { steps } of promotes) {
      const lines = steps.flatMap((step) => step.script.split("\n")).filter((line) => line.includes("promote"));
      assert.deepEqual(
        lines.filter((line) => line.startsWith("npm")),
        ["npm run --silent promote -- up --stack primary --folder promotion"],
      );
    }
  });

  it("every platform previews by the same lines, and a comment says how that ended", () => {
    const previews = [githubJob("preview.yml", "preview"), azureJob("preview.yml"), gitlabJob("preview")];
    for (const { steps } of previews) {
      const found = steps.filter(({ script }) => script.includes("npm run"));
      // Each line sets its own code: Azure's bash goes on after an error.
      assert.deepEqual(
        found.map(({ script }) => script.trimEnd().split("\n")),
        [
          [
            "failed=0",
            "npm run --silent promote -- preview --stack primary --folder promotion || failed=$?",
            "npm run --silent comment -- --stack primary --folder promotion || failed=$?",
            'exit "$failed"',
          ],
        ],
      );
    }
    const permissions = parse(pipelineText("github", "preview.yml")) as { permissions: Record<string, string> };
    assert.equal(permissions.permissions["pull-requests"], "write");
  });

  it("no step has an expression of the platform in its script: a pull request's title is not code", () => {
    const jobs = ["preview", "promote", "drift"].flatMap((job) => [
      githubJob(`${job}.yml`, job),
      azureJob(`${job}.yml`),
      gitlabJob(job),
    ]);
    for (const { steps } of jobs)
      for (const { script } of steps) assert.doesNotMatch(script, /\$\{\{|\$\((?!git |printf )/);
  });

  it("Azure's agent takes no order from what a step says of the estate", () => {
    for (const file of filesOf("azure")) {
      const restricted: unknown[] = [];
      visit(parseDocument(pipelineText("azure", file)), {
        Map: (_, step) => {
          if (String(step.get("bash")).includes("--stack")) restricted.push((step.toJSON() as Step).target);
        },
      });
      assert.deepEqual(restricted, [{ commands: "restricted", settableVariables: "none" }], file);
    }
  });

  it("every step calls a command that exists", () => {
    const jobs = ["preview", "promote", "drift"].flatMap((job) => [
      githubJob(`${job}.yml`, job),
      azureJob(`${job}.yml`),
      gitlabJob(job),
    ]);
    const called = jobs.flatMap(({ steps }) =>
      steps.flatMap(({ script }) => [...script.matchAll(/npm run --silent (\S+)/g)].map((match) => match[1])),
    );
    assert.equal(called.length, 12);
    for (const name of called) assert.ok(name !== undefined && name in scripts, name);
  });
});
