/** The TSQL subsystem: a step's command in a session of the instance, as the login that owns the job. */
import type { Instance } from "../server/instance";
import type { ServerPrincipal } from "../server/server-principals";
import { SqlError } from "../tsql/errors";
import type { Message } from "../tsql/results";
import { ERROR_CLASS, runText } from "./internal-session";
import type { JobStep } from "./job-rows";
import { notStarted, type StepResult } from "./step-result";

/** A message as ODBC hands it to the Agent. */
function odbcText(message: Message): string {
  const [state, word] = message.class >= ERROR_CLASS ? ["42000", "Error"] : ["01000", "Message"];
  return `${message.text} [SQLSTATE ${state}] (${word} ${String(message.number)})`;
}

/** Runs a step. An error of class 11 and above fails it. */
export async function runTransactSql(
  instance: Instance,
  step: JobStep,
  owner: ServerPrincipal,
  command: string,
  program: string,
  signal: AbortSignal,
): Promise<StepResult> {
  const database = step.databaseName ?? "master";
  try {
    const { messages, errors } = await runText(instance, { login: owner.name, database, program }, command, signal);
    const last = errors.at(-1);
    return {
      succeeded: last === undefined,
      account: owner.name,
      output: messages.map(odbcText).join("  "),
      remark: "",
      messageId: last?.number ?? messages.at(-1)?.number ?? 0,
      severity: last?.class ?? 0,
    };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    // The database of the step could not be entered.
    const refused = notStarted(`${error.message} [SQLSTATE 42000] (Error ${String(error.number)}).`, owner.name);
    return { ...refused, messageId: error.number, severity: error.class };
  }
}
