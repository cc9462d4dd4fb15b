/** The lines that a pipeline file would run on a machine, in order, for tests to run them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { projectDirectory } from "../../tools/pulumi-cli";

/** A step that is a piece of shell; what a platform's own actions do is not among them. */
export interface ShellStep {
  readonly name: string;
  readonly script: string;
  /** As written in the file: `${{ secrets.NAME }}`, `${{ github.token }}`, `$(NAME)`, `$(System.AccessToken)`. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a job hands over: the folder that is kept, and where it is put. */
export interface PipelineJob {
  readonly steps: readonly ShellStep[];
  /** Names of the variables that the file wants of its platform. */
  readonly wanted: readonly string[];
}

/** A platform's value in an environment; secrets and variables go by their bare names. */
const GITHUB_FORM = /\$\{\{ *(?:secrets\.|vars\.)?([\w.]+) *\}\}/g;
const AZURE_FORM = /\$\(([\w.]+)\)/g;

type Mapping = Readonly<Record<string, unknown>>;

export function pipelineText(...path: readonly string[]): string {
  return readFileSync(join(projectDirectory, "pipelines", ...path), "utf8");
}

/** `jobs.<job>.steps[].run` of a GitHub workflow, with the job's environment. */
export function githubJob(file: string, job: string): PipelineJob {
  const workflow = parse(pipelineText("github", file)) as { jobs: Record<string, Mapping> };
  const found = workflow.jobs[job] ?? {};
  const shared = (found["env"] ?? {}) as Record<string, string>;
  const steps = (found["steps"] as Mapping[]).flatMap((step): ShellStep[] =>
    typeof step["run"] === "string"
      ? [{ name: String(step["name"]), script: step["run"], environment: { ...shared, ...(step["env"] as object) } }]
      : [],
  );
  return { steps, wanted: wantedBy(steps, GITHUB_FORM) };
}

/** The JavaScript of a step of a GitHub workflow that uses actions/github-script. */
export function githubScript(file: string, job: string, id: string): string {
  const workflow = parse(pipelineText("github", file)) as { jobs: Record<string, { steps: Mapping[] }> };
  const step = workflow.jobs[job]?.steps.find((one) => one["id"] === id);
  assert.match(String(step?.["uses"]), /^actions\/github-script@/);
  return (step?.["with"] as { script: string }).script;
}

/** `bash:` steps of an Azure pipeline of one job. */
export function azureJob(file: string): PipelineJob {
  const steps: ShellStep[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const step = value as Mapping;
    if (typeof step["bash"] === "string") {
      const environment = (step["env"] ?? {}) as Record<string, string>;
      steps.push({ name: String(step["displayName"]), script: step["bash"], environment });
    }
    for (const member of Object.values(step)) walk(member);
  };
  walk(parse(pipelineText("azure", file)));
  return { steps, wanted: wantedBy(steps, AZURE_FORM) };
}

/** One job of the GitLab file: its runner makes one script of before_script and script. Variables are in the environment there. */
export function gitlabJob(job: string): PipelineJob {
  const file = parse(pipelineText("gitlab", "persistent-chat.gitlab-ci.yml")) as Record<string, Mapping>;
  const before = file["default"]?.["before_script"] as string[];
  const script = file[job]?.["script"] as string[];
  return {
    steps: [
      { name: "before_script", script: before.join("\n"), environment: {} },
      { name: "script", script: script.join("\n"), environment: {} },
    ],
    wanted: [],
  };
}

/** The step's environment with the platform's values in it. Throws for one that is not given. */
export function filledIn(step: ShellStep, values: Readonly<Record<string, string>>): Record<string, string> {
  const fill = (_: string, name: string): string => {
    const value = values[name];
    if (value === undefined) throw new Error(`the step ${step.name} wants ${name}`);
    return value;
  };
  return Object.fromEntries(
    Object.entries(step.environment).map(([key, text]) => [
      key,
      text.replace(GITHUB_FORM, fill).replace(AZURE_FORM, fill),
    ]),
  );
}

function wantedBy(steps: readonly ShellStep[], form: RegExp): string[] {
  const texts = steps.flatMap((step) => Object.values(step.environment));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(form)].map((match) => match[1] ?? "")))].sort();
}
