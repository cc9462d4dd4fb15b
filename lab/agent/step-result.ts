/** What a job step ends with, and how sysjobhistory.message tells it. */

/** nvarchar(4000) of sysjobhistory.message. */
const MESSAGE_LENGTH = 4000;

export interface StepResult {
  readonly succeeded: boolean;
  /** Account or login that the step ran as; undefined when it could not be started. */
  readonly account: string | undefined;
  /** What the step wrote; "" = nothing. */
  readonly output: string;
  /** Why it could not be started, or "Process Exit Code n."; "" = nothing to add. */
  readonly remark: string;
  /** sysjobhistory.sql_message_id and sql_severity; 0 without an error of T-SQL. */
  readonly messageId: number;
  readonly severity: number;
}

/** A step that could not be started. */
export function notStarted(remark: string, account?: string): StepResult {
  return { succeeded: false, account, output: "", remark, messageId: 0, severity: 0 };
}

/**
 * The message of a step's row: who, what it wrote, its exit code, its end. What the step wrote is cut so that the end stays.
 * @param withOutput flags 32 of the step; T-SQL messages are always told
 */
export function stepMessage(result: StepResult, withOutput: boolean): string {
  const head = result.account === undefined ? "" : `Executed as user: ${result.account}. `;
  const remark = result.remark === "" ? "" : `${result.remark}  `;
  const tail = `${remark}The step ${result.succeeded ? "succeeded" : "failed"}.`;
  const said = withOutput ? result.output.trim() : "";
  if (said === "") return `${head}${tail}`.slice(0, MESSAGE_LENGTH);
  const room = MESSAGE_LENGTH - head.length - tail.length - 2;
  const text = said.length > room ? `${said.slice(0, Math.max(0, room - 3))}...` : said;
  return `${head}${text}  ${tail}`;
}
