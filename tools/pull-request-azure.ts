/**
 * A pull request in Azure Repos ("Pull Request Threads - Create", "- List", "Pull Request Thread Comments - Update"), from the
 * variables of a job ("Use predefined variables").
 */
import { z } from "zod";
import { type PullRequest, variable, type Variables } from "./pull-request";
import { type JsonRequest, requestJson } from "./request-json";

const threadsSchema = z.object({
  value: z.array(
    z.object({
      id: z.int(),
      comments: z.array(z.object({ id: z.int(), isDeleted: z.boolean().optional() })).nullish(),
      // A PropertiesCollection: a text is given back as { "$type": "System.String", "$value": "…" }.
      properties: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
});
const propertySchema = z.object({ $value: z.string() });

/** Property of our thread. Its value is the marker: writing a comment sets no property. */
const PROPERTY = "persistentChatDr";

/**
 * The job's pull request; undefined in a job without one, and where the repository is not in Azure Repos. Wants
 * `SYSTEM_ACCESSTOKEN`, which a step has when it is handed over.
 */
export function pullRequestOnAzure(variables: Variables): PullRequest | undefined {
  const number = variables["SYSTEM_PULLREQUEST_PULLREQUESTID"] ?? "";
  if (number === "" || variable(variables, "BUILD_REPOSITORY_PROVIDER") !== "TfsGit") return undefined;
  const hint = "Hand it to the step: SYSTEM_ACCESSTOKEN: $(System.AccessToken).";
  const token = variable(variables, "SYSTEM_ACCESSTOKEN", hint);
  const project =
    variable(variables, "SYSTEM_COLLECTIONURI") + encodeURIComponent(variable(variables, "SYSTEM_TEAMPROJECT"));
  const repository = `${project}/_apis/git/repositories/${variable(variables, "BUILD_REPOSITORY_ID")}`;
  const threads = `${repository}/pullRequests/${number}/threads`;
  const request = <T>(method: JsonRequest<T>["method"], url: string, answer: z.ZodType<T>, body?: object) =>
    requestJson({
      method,
      answer,
      url: `${url}?api-version=7.0`,
      headers: { Authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
      right: "The build service needs the right Contribute to pull requests on the repository.",
    });
  // BUILD_SOURCEVERSION is the merge that the platform made for the build.
  const pushed = variables["SYSTEM_PULLREQUEST_SOURCECOMMITID"] ?? "";
  return {
    commit: pushed === "" ? variable(variables, "BUILD_SOURCEVERSION") : pushed,
    job: `${project}/_build/results?buildId=${variable(variables, "BUILD_BUILDID")}`,
    async comment(marker, content) {
      const { value } = await request("GET", threads, threadsSchema);
      const own = value
        .filter((thread) => propertySchema.safeParse(thread.properties?.[PROPERTY]).data?.$value === marker)
        .flatMap(({ id, comments }) => (comments ?? []).slice(0, 1).map((first) => ({ id, first })))
        .find(({ first }) => first.isDeleted !== true);
      if (own === undefined) {
        // Without a status: the policy "Check for comment resolution" waits for active threads.
        const comments = [{ parentCommentId: 0, content, commentType: "text" }];
        await request("POST", threads, z.unknown(), { comments, properties: { [PROPERTY]: marker } });
        return "created";
      }
      await request("PATCH", `${threads}/${String(own.id)}/comments/${String(own.first.id)}`, z.unknown(), { content });
      return "updated";
    },
  };
}
