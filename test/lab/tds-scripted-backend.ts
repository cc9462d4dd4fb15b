/** A backend for tests of the wire alone: what a batch answers is a function of the test; RPC answers with its own arguments. */
import { LoginRefused } from "../../lab/tds/backend";
import type {
  Argument,
  Backend,
  ClientConnection,
  LoginRequest,
  ProcedureOutcome,
  Session,
} from "../../lab/tds/backend";
import type { Message, ResultSink } from "../../lab/tsql/results";
import type { Column } from "../../lab/tsql/values";

export type BatchScript = (
  text: string,
  sink: ResultSink,
  signal: AbortSignal,
  connection: ClientConnection,
) => void | Promise<void>;

export function message(number: number, severity: number, text: string): Message {
  return { number, class: severity, text, state: 1, procedure: "", line: 1 };
}

export const USER = "pchatdr";
export const PASSWORD = "Pässwörd-1€";

/** Column without name that may be NULL. */
export function column(type: Column["type"], name = ""): Column {
  return { name, type, nullable: true };
}

export class ScriptedBackend implements Backend {
  readonly name = "SQL-P1";
  readonly version = { major: 11, minor: 0, build: 7001 };
  readonly logins: LoginRequest[] = [];
  /** What the sessions were asked, in order. */
  readonly events: string[] = [];
  #sessions = 0;

  constructor(readonly script: BatchScript = (_text, sink) => sink.done({ command: 0, error: false })) {}

  async login(request: LoginRequest, connection: ClientConnection): Promise<Session> {
    this.logins.push(request);
    const failed = message(18456, 14, `Login failed for user '${request.user}'.`);
    if (request.user !== USER || request.password !== PASSWORD) throw new LoginRefused([failed]);
    if (request.database === "absent") {
      throw new LoginRefused([
        message(4060, 11, 'Cannot open database "absent" requested by the login. The login failed.'),
        failed,
      ]);
    }
    const database = request.database === "" ? "master" : request.database;
    const { events, script } = this;
    return {
      id: 51 + this.#sessions++,
      greeting: [
        { kind: "database", from: "master", to: database },
        { ...message(5701, 0, `Changed database context to '${database}'.`), state: 2 },
        { kind: "language", from: "", to: "us_english" },
        message(5703, 0, "Changed language setting to us_english."),
      ],
      batch: async (text, sink, signal) => {
        // What tedious says after each login is not what a test is about.
        if (text.startsWith("set ansi_nulls")) return sink.done({ command: 0, error: false });
        events.push(`batch ${text}`);
        await script(text, sink, signal, connection);
      },
      procedure: async (name, args, sink, signal) => {
        events.push(`procedure ${name}`);
        return answerProcedure(name, args, sink, (text) => script(text, sink, signal, connection));
      },
      transaction: async (request, sink) => {
        events.push(`transaction ${request}`);
        sink.environment({ kind: `${request}Transaction`, descriptor: 7n });
        sink.done({ command: 0, error: false });
      },
      reset: async () => void events.push("reset"),
      close: () => void events.push("close"),
    };
  }
}

async function answerProcedure(
  name: string,
  args: readonly Argument[],
  sink: ResultSink,
  script: (text: string) => void | Promise<void>,
): Promise<ProcedureOutcome> {
  const outputs = args
    .filter(({ output }) => output)
    .map((argument) => (name === "sp_prepare" ? { ...argument, value: 1 } : argument));
  const text = args[0]?.value;
  if (name === "sp_executesql" && typeof text === "string" && text.startsWith("script ")) {
    await script(text);
    return { returnStatus: 0, outputs };
  }
  const echoed = name === "sp_executesql" ? args.slice(2) : args;
  if (echoed.length > 0) {
    sink.columns(echoed.map((argument) => column(argument.type, argument.name.replace("@", ""))));
    await sink.row(echoed.map(({ value }) => value));
  }
  sink.done({ command: 0xc1, rowCount: 1, error: false });
  return { returnStatus: name === "sp_executesql" ? 0 : 3, outputs };
}
