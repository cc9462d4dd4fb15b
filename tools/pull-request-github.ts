/** A pull request on GitHub ("REST API endpoints for issue comments"), from the variables of a job ("Default environment variables"). */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { firstOfPages, type PullRequest, variable, type Variables } from "./pull-request";
import { type JsonRequest, requestJson } from "./request-json";

const eventSchema = z.object({
  pull_request: z.object({ number: z.int(), head: z.object({ sha: z.string() }) }).optional(),
});
const commentsSchema = z.array(
  z.object({ id: z.int(), body: z.string().nullish(), user: z.object({ login: z.string() }).nullish() }),
);

/** Who comments with a job's own token. */
const AUTHOR = "github-actions[bot]";

/** The job's pull request; undefined in a job of another event. Wants `GITHUB_TOKEN`, which a step has when it is handed over. */
export function pullRequestOnGitHub(variables: Variables): PullRequest | undefined {
  const event: unknown = JSON.parse(readFileSync(variable(variables, "GITHUB_EVENT_PATH"), "utf8"));
  const { pull_request: pull } = eventSchema.parse(event);
  if (pull === undefined) return undefined;
  const token = variable(variables, "GITHUB_TOKEN", "Hand it to the step: GITHUB_TOKEN: ${{ github.token }}.");
  const repository = variable(variables, "GITHUB_REPOSITORY");
  const issues = `${variable(variables, "GITHUB_API_URL")}/repos/${repository}/issues`;
  const comments = `${issues}/${String(pull.number)}/comments`;
  const request = <T>(method: JsonRequest<T>["method"], url: string, answer: z.ZodType<T>, body?: object) =>
    requestJson({
      method,
      answer,
      url,
      headers: { Accept: "application/vnd.github+json", Authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
      right: "The job needs the permission pull-requests: write.",
    });
  return {
    commit: pull.head.sha,
    job: `${variable(variables, "GITHUB_SERVER_URL")}/${repository}/actions/runs/${variable(variables, "GITHUB_RUN_ID")}`,
    async comment(marker, body) {
      // What somebody else wrote under our first line is not ours: they could change it after the review.
      const own = await firstOfPages(
        comments,
        (url) => request("GET", url, commentsSchema),
        (one) => one.user?.login === AUTHOR && one.body?.startsWith(marker) === true,
      );
      if (own === undefined) await request("POST", comments, z.unknown(), { body });
      else await request("PATCH", `${issues}/comments/${String(own.id)}`, z.unknown(), { body });
      return own === undefined ? "created" : "updated";
    },
  };
}
