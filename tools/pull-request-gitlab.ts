/** A merge request on GitLab ("Notes API"), from the variables of a job ("Predefined CI/CD variables reference"). */
import { z } from "zod";
import { firstOfPages, type PullRequest, variable, type Variables } from "./pull-request";
import { type JsonRequest, requestJson } from "./request-json";

/** A project access token of the scope `api`: a job's own token may read notes and write none ("CI/CD job token"). */
export const GITLAB_TOKEN_VARIABLE = "PERSISTENT_CHAT_DR_COMMENT_TOKEN";

const userSchema = z.object({ id: z.int() });
const notesSchema = z.array(z.object({ id: z.int(), body: z.string(), author: userSchema }));

/** The job's merge request; undefined in a job of another pipeline. Wants {@link GITLAB_TOKEN_VARIABLE}. */
export function mergeRequestOnGitLab(variables: Variables): PullRequest | undefined {
  const number = variables["CI_MERGE_REQUEST_IID"] ?? "";
  if (number === "") return undefined;
  const hint = "Make a project access token with the scope api and keep it as a masked variable of the project.";
  const token = variable(variables, GITLAB_TOKEN_VARIABLE, hint);
  const api = variable(variables, "CI_API_V4_URL");
  const notes = `${api}/projects/${variable(variables, "CI_PROJECT_ID")}/merge_requests/${number}/notes`;
  const request = <T>(method: JsonRequest<T>["method"], url: string, answer: z.ZodType<T>, body?: object) =>
    requestJson({
      method,
      answer,
      url,
      headers: { "PRIVATE-TOKEN": token },
      ...(body === undefined ? {} : { body }),
      right: `The token in ${GITLAB_TOKEN_VARIABLE} needs the scope api and a role that may comment (Reporter).`,
    });
  // Of a pipeline for merged results CI_COMMIT_SHA is a merge that nobody pushed; of others this one is empty.
  const pushed = variables["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"] ?? "";
  return {
    commit: pushed === "" ? variable(variables, "CI_COMMIT_SHA") : pushed,
    job: variable(variables, "CI_JOB_URL"),
    async comment(marker, body) {
      const { id } = await request("GET", `${api}/user`, userSchema);
      const own = await firstOfPages(
        notes,
        (url) => request("GET", url, notesSchema),
        (note) => note.author.id === id && note.body.startsWith(marker),
      );
      if (own === undefined) await request("POST", notes, z.unknown(), { body });
      else await request("PUT", `${notes}/${String(own.id)}`, z.unknown(), { body });
      return own === undefined ? "created" : "updated";
    },
  };
}
