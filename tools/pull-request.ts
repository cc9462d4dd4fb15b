/** The pull request that a job runs for, as its comment needs it: GitHub, GitLab and Azure DevOps each have a file beside this one. */
import { DrError } from "../estate/errors";

/** A pull request (GitLab: merge request), with the job that looks at it. */
export interface PullRequest {
  /** The commit that is reviewed. */
  readonly commit: string;
  /** Address of the job, for people. */
  readonly job: string;
  /** Replaces the comment of ours that begins with the marker by this text, or makes one: `updated` or `created`. */
  comment(marker: string, text: string): Promise<"created" | "updated">;
}

/** Environment of the job. */
export type Variables = Readonly<Record<string, string | undefined>>;

const SET_BY_PLATFORM = "The platform sets it in every job of a pull request: run this there.";

/** A variable that must have a value. Throws `CONFIGURATION_INVALID`; the hint says who sets it, by default the platform. */
export function variable(variables: Variables, name: string, hint = SET_BY_PLATFORM): string {
  const value = variables[name];
  if (value !== undefined && value !== "") return value;
  throw new DrError({
    code: "CONFIGURATION_INVALID",
    summary: "the pull request cannot be commented on",
    where: name,
    expected: "a value in the job's environment",
    found: "none",
    hint,
  });
}

/** Entries of a page: the most that GitHub and GitLab give ("Pagination"). */
const PAGE = 100;

/** The first entry of a list in pages that is looked for, or undefined. `page` gives one page of `url` and is asked until one is short. */
export async function firstOfPages<T>(
  url: string,
  page: (url: string) => Promise<readonly T[]>,
  wanted: (entry: T) => boolean,
): Promise<T | undefined> {
  for (let number = 1; ; number++) {
    const entries = await page(`${url}?per_page=${String(PAGE)}&page=${String(number)}`);
    const found = entries.find(wanted);
    if (found !== undefined || entries.length < PAGE) return found;
  }
}
