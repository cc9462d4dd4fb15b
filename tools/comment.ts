/**
 * `npm run comment`: the readable plan of a preview as a comment of the pull request that the job runs for, on GitHub, GitLab and
 * Azure DevOps. One comment, which the next preview replaces; a preview that failed is told too. Exit codes: 0 done, or there is no
 * pull request; 1 there is one, and it has no comment of this preview.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { DrError, toDrError } from "../estate/errors";
import { commentMarker, commentText } from "./comment-text";
import type { PullRequest, Variables } from "./pull-request";
import { pullRequestOnAzure } from "./pull-request-azure";
import { pullRequestOnGitHub } from "./pull-request-github";
import { mergeRequestOnGitLab } from "./pull-request-gitlab";

interface Options {
  readonly stack: string;
  readonly folder: string;
}

function program(comment: (options: Options) => Promise<void>): Command {
  return new Command("comment")
    .description("Tell a pull request what a preview would do")
    .exitOverride()
    .option("--stack <name>", "stack", "primary")
    .option("--folder <folder>", "where the plan lies", "promotion")
    .action(comment);
}

/**
 * The pull request of the job with these variables, or undefined where there is none that could have a comment. Throws
 * `CONFIGURATION_INVALID` outside of the three platforms and for a variable that is missing.
 */
export function pullRequestOf(variables: Variables): PullRequest | undefined {
  if (variables["GITHUB_ACTIONS"] === "true") return pullRequestOnGitHub(variables);
  if (variables["GITLAB_CI"] === "true") return mergeRequestOnGitLab(variables);
  if (variables["TF_BUILD"] === "True") return pullRequestOnAzure(variables);
  throw new DrError({
    code: "CONFIGURATION_INVALID",
    summary: "this is no job of a platform with pull requests",
    expected: "GITHUB_ACTIONS=true, GITLAB_CI=true or TF_BUILD=True",
    found: "none of them",
    hint: "Read plan.md in the promotion's folder instead.",
  });
}

async function comment({ stack, folder }: Options): Promise<void> {
  const pull = pullRequestOf(process.env);
  if (pull === undefined) {
    process.stdout.write("No pull request that could have a comment: none made.\n");
    return;
  }
  const { commit, job } = pull;
  const done = await pull.comment(
    commentMarker(stack),
    commentText({ stack, plan: readablePlan(folder), commit, job }),
  );
  process.stdout.write(`The pull request's comment is ${done}.\n`);
}

function readablePlan(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, "plan.md"), "utf8");
  } catch {
    return undefined;
  }
}

async function run(args: readonly string[]): Promise<number> {
  try {
    await program(comment).parseAsync([...args], { from: "user" });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode;
    process.stderr.write(`error: ${toDrError(thrown).message}\n`);
    return 1;
  }
}

if (require.main === module) {
  void run(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
