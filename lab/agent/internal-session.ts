/** Batches that SQL Server Agent and its programs run on their instance, each in a session of its own. */
import { openDatabase } from "../server/database-access";
import type { Instance } from "../server/instance";
import type { Message, ResultSink } from "../tsql/results";

/** As whom and in which database a batch runs. */
export interface SessionRequest {
  /** Name of a login. */
  readonly login: string;
  /** Default master. A database that cannot be entered throws SqlError (911, 916, 927 …). */
  readonly database?: string;
  /** sys.dm_exec_sessions.program_name, and the client of the journal's entries. */
  readonly program: string;
}

/** What the batches told, in order, as ODBC would have it. */
export interface BatchOutcome {
  readonly messages: readonly Message[];
  /** The errors among them: class 11 and above. */
  readonly errors: readonly Message[];
}

/** Class from which a message is an error (MS-TDS 2.2.7.10). */
export const ERROR_CLASS = 11;

/** GO alone on its line parts batches, as the Agent's T-SQL subsystem has it. */
export function batchesOf(text: string): readonly string[] {
  return text.split(/^[ \t]*GO[ \t]*\r?$/im).filter((batch) => batch.trim() !== "");
}

/** Runs a text batch by batch and stops behind the first that failed. */
export async function runText(
  instance: Instance,
  request: SessionRequest,
  text: string,
  signal: AbortSignal,
): Promise<BatchOutcome> {
  const session = instance.openInternalSession(request.login, request.program);
  const messages: Message[] = [];
  const sink: ResultSink = {
    columns: () => undefined,
    row: () => undefined,
    message: (message) => void messages.push(message),
    done: () => undefined,
    environment: () => undefined,
  };
  const errors = (): Message[] => messages.filter((message) => message.class >= ERROR_CLASS);
  try {
    if (request.database !== undefined) session.enterAtLogin(openDatabase(session, request.database));
    for (const batch of batchesOf(text)) {
      await session.batch(batch, sink, signal);
      if (errors().length > 0 || signal.aborted) break;
    }
  } finally {
    session.close();
  }
  return { messages, errors: errors() };
}
