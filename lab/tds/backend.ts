/** What the wire (lab/tds) asks of an engine. lab/server implements it; the wire knows nothing of T-SQL. */
import type { EnvironmentChange, Message, ResultSink, ReturnValue } from "../tsql/results";
import type { SqlType, SqlValue } from "../tsql/values";

/** What LOGIN7 said (MS-TDS 2.2.6.4). */
export interface LoginRequest {
  readonly user: string;
  readonly password: string;
  /** "" when none was named. */
  readonly database: string;
  readonly hostName: string;
  readonly applicationName: string;
  readonly clientProcessId: number;
  readonly language: string;
}

/** The connection as the engine may use it. */
export interface ClientConnection {
  readonly remoteAddress: string;
  readonly encrypted: boolean;
  /** Drops the connection without a further word (KILL, ROLLBACK IMMEDIATE). */
  terminate(): void;
}

/** One argument of a remote procedure call; `name` is "" when it was sent by position. */
export interface Argument {
  readonly name: string;
  readonly type: SqlType;
  readonly value: SqlValue;
  readonly output: boolean;
}

/** What a remote procedure call ended with. */
export interface ProcedureOutcome {
  readonly returnStatus: number;
  readonly outputs: readonly ReturnValue[];
}

/** One logged-in session. The wire calls one method at a time; `close` may come at any moment. */
export interface Session {
  /** @@SPID */
  readonly id: number;
  /** Messages and changes of the login itself, in order (ENVCHANGE database, 5701, language, 5703). */
  readonly greeting: readonly (Message | EnvironmentChange)[];
  /** Runs a batch. Every error is a message to the sink; rejects only when the lab itself is broken. */
  batch(text: string, sink: ResultSink, signal: AbortSignal): Promise<void>;
  /** Runs a procedure by name; the wire maps special procedure numbers (sp_executesql = 10 …) to names. */
  procedure(name: string, args: readonly Argument[], sink: ResultSink, signal: AbortSignal): Promise<ProcedureOutcome>;
  /** Transaction manager request (MS-TDS 2.2.6.9): 5 begin, 7 commit, 8 rollback. */
  transaction(request: "begin" | "commit" | "rollback", sink: ResultSink): Promise<void>;
  /** sp_reset_connection: the status bits 0x08 and 0x10 of a message. Before the request that carries them. */
  reset(): Promise<void>;
  /** The connection is gone: roll back, free locks. Never throws. */
  close(): void;
}

/** Thrown by `login`: the messages are sent as error tokens, then the connection is closed. */
export class LoginRefused extends Error {
  constructor(readonly messages: readonly Message[]) {
    super(messages.map((message) => message.text).join(" "));
    this.name = "LoginRefused";
  }
}

/** One SQL Server instance as the wire sees it. */
export interface Backend {
  /** @@SERVERNAME */
  readonly name: string;
  /** For PRELOGIN and LOGINACK, e.g. { major: 11, minor: 0, build: 7001 }. */
  readonly version: { readonly major: number; readonly minor: number; readonly build: number };
  /** Throws LoginRefused. */
  login(request: LoginRequest, connection: ClientConnection): Promise<Session>;
}
