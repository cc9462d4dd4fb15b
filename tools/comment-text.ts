/** The comment that a pull request gets of its preview. Pure. */

/** What a comment is made of. */
export interface CommentFacts {
  readonly stack: string;
  /** The readable plan, `plan.md` of the promotion's folder. Absent: the preview ended before it wrote one. */
  readonly plan: string | undefined;
  /** The commit that was previewed. */
  readonly commit: string;
  /** Address of the job. */
  readonly job: string;
}

/** UTF-16 units of a plan. GitHub takes 65,536 characters in a comment; Azure DevOps (150,000) and GitLab (1,000,000) take more. */
const PLAN_LIMIT = 60_000;

/** First line of the comment, which no platform shows: the next run finds it by this line. */
export function commentMarker(stack: string): string {
  return `<!-- persistent-chat-dr: plan of stack ${stack} -->`;
}

/** Markdown: the marker, the plan, and of which commit it is: a plan of an older one must not pass for the newest. */
export function commentText({ stack, plan, commit, job }: CommentFacts): string {
  const missing = `### Persistent Chat, stack ${stack}: no plan\n\nThe preview ended before it could say why: see the job.\n`;
  const shown = plan === undefined ? missing : withoutCommands(fitted(plan));
  return `${commentMarker(stack)}\n${shown}\nOf commit ${commit}, by [this job](${job}).\n`;
}

/** Whole lines up to the limit; the fence in which the estate's texts stand is closed again. */
function fitted(plan: string): string {
  if (plan.length <= PLAN_LIMIT) return plan;
  const fence = /^`{3,}/m.exec(plan)?.[0] ?? "";
  const kept = plan.slice(0, plan.lastIndexOf("\n", PLAN_LIMIT));
  return [kept, fence, "", "Cut off here: the whole plan is in the job's artefact.", ""].join("\n");
}

/**
 * A line of a note that begins with a slash is a quick action of GitLab (`/merge`), and its extractor knows code blocks of three
 * backticks only (lib/gitlab/quick_actions/extractor.rb). Such a line begins with a backslash here.
 */
function withoutCommands(plan: string): string {
  return plan.replace(/^([ \t]*)\//gm, String.raw`$1\/`);
}
