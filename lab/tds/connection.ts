import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { Message } from "../tsql/results";
import { LoginRefused } from "./backend";
import type { Backend, ClientConnection, Session } from "./backend";
import { batchText } from "./batch";
import { TdsVersion, parseLogin7 } from "./login7";
import type { Login7 } from "./login7";
import { DEFAULT_PACKET_SIZE, MessageReader, MessageWriter, PacketType } from "./packets";
import type { ClientMessage } from "./packets";
import { agreeOnEncryption, preloginAnswer, requestedEncryption } from "./prelogin";
import type { EncryptionAgreement, EncryptionMode } from "./prelogin";
import { ProtocolError } from "./protocol-error";
import { outputOrdinals, parseRemoteProcedureCalls } from "./remote-procedure-call";
import { ResponseWriter } from "./response-writer";
import { parseTransactionRequest } from "./transaction-request";
import type { TransactionRequest } from "./transaction-request";
import { Transport } from "./transport";

/** How the server is set up. */
export interface ConnectionOptions {
  readonly encryption: EncryptionMode;
  /** Undefined only where encryption is "notSupported". */
  readonly secureContext: SecureContext | undefined;
}

/** A client that connects and says nothing is dropped, in milliseconds. */
const LOGIN_TIMEOUT = 60_000;
/** Requests that may wait behind the one being served; without MARS a client sends none. */
const MAXIMUM_WAITING = 16;
/** "A system assertion check has failed": what a broken lab looks like from outside. */
const ASSERTION_FAILED = 3624;

/** The request that is being served. */
interface RunningRequest {
  readonly abort: AbortController;
  readonly response: ResponseWriter;
  attention: boolean;
}

/** One client from its PRELOGIN to the end of its socket. */
export class Connection {
  readonly #backend: Backend;
  readonly #options: ConnectionOptions;
  readonly #transport: Transport;
  readonly #reader: MessageReader;
  readonly #socket: Socket;
  readonly #waiting: ClientMessage[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  #protection: EncryptionAgreement["protection"] = "none";
  #phase: "prelogin" | "login" | "session" = "prelogin";
  #session: Session | undefined;
  #packetSize = DEFAULT_PACKET_SIZE;
  #tdsVersion: number = TdsVersion.v7_4;
  /** The request being served; an attention or the end of the socket aborts it. */
  #request: RunningRequest | undefined;

  /** Resolves when the socket is closed and the session has been told. */
  readonly closed: Promise<void>;

  constructor(socket: Socket, backend: Backend, options: ConnectionOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#socket = socket;
    this.#reader = new MessageReader((message) => this.#deliver(message));
    this.#transport = new Transport(socket, (chunk) => this.#receive(chunk));
    this.closed = this.#transport.closed.then(() => this.#close());
    socket.setTimeout(LOGIN_TIMEOUT, () => this.terminate());
    this.#serve().catch((error: unknown) => this.#broken(error));
  }

  /** Drops the connection without a further word. */
  terminate(): void {
    this.#transport.destroy();
  }

  /** Closes after what was written has left. */
  #end(): void {
    this.#transport.end();
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#request?.abort.abort(new Error("The connection to the client is gone."));
    this.#session?.close();
    this.#wake?.();
  }

  #receive(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      // Bytes that are no TDS: where the next message begins cannot be known, so there is nothing to answer to.
      if (!(error instanceof ProtocolError)) throw error;
      this.terminate();
    }
  }

  /** Called for each complete message, also while a request is being served. */
  #deliver(message: ClientMessage): void {
    // Login only: the answer to LOGIN7 is already plain.
    if (message.type === PacketType.login7 && this.#protection === "login") this.#transport.stopTls();
    if (message.type === PacketType.attention && this.#request !== undefined && this.#waiting.length === 0) {
      this.#cancel(this.#request);
      return;
    }
    this.#waiting.push(message);
    if (this.#waiting.length > MAXIMUM_WAITING) this.terminate();
    this.#wake?.();
  }

  #cancel(request: RunningRequest): void {
    request.attention = true;
    request.response.discard();
    request.abort.abort(new Error("The client cancelled the request."));
  }

  /** The next message; undefined when the connection is gone. */
  async #next(): Promise<ClientMessage | undefined> {
    while (this.#waiting.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    return this.#closed ? undefined : this.#waiting.shift();
  }

  async #serve(): Promise<void> {
    for (let message = await this.#next(); message !== undefined; message = await this.#next()) {
      if (this.#phase === "session") await this.#serveRequest(message);
      else if (message.type === PacketType.prelogin && this.#phase === "prelogin") this.#prelogin(message.payload);
      else if (message.type === PacketType.login7) await this.#login(message.payload);
      else this.terminate();
    }
  }

  #prelogin(payload: Buffer): void {
    // What came in plain text behind PRELOGIN must never be taken for what comes through TLS.
    if (this.#waiting.length > 0 || !this.#reader.atBoundary) {
      this.terminate();
      return;
    }
    const agreement = this.#attempt(() => agreeOnEncryption(this.#options.encryption, requestedEncryption(payload)));
    if (agreement === undefined) return;
    // Type 4, not 0x12: most clients refuse the latter.
    const answer = new MessageWriter(PacketType.tabularResult, DEFAULT_PACKET_SIZE, 0);
    answer.out.bytes(preloginAnswer(this.#backend.version, agreement.answer));
    void this.#transport.send(answer.end());
    this.#phase = "login";
    this.#protection = agreement.protection;
    if (agreement.protection !== "none" && this.#options.secureContext !== undefined) {
      this.#transport.startTls(this.#options.secureContext);
    }
  }

  async #login(payload: Buffer): Promise<void> {
    const login = this.#attempt(() => parseLogin7(payload));
    // A forced encryption binds also the client that sends LOGIN7 without PRELOGIN. Tokens differ before TDS 7.2.
    const plain = this.#options.encryption === "required" && !this.#transport.encrypted;
    if (login === undefined || plain || login.tdsVersion < TdsVersion.v7_2) {
      this.#end();
      return;
    }
    this.#tdsVersion = Math.min(login.tdsVersion, TdsVersion.v7_4);
    let session: Session;
    try {
      session = await this.#openSession(login);
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      this.#refuse(error.messages);
      return;
    }
    this.#session = session;
    if (this.#closed) {
      session.close();
      return;
    }
    this.#socket.setTimeout(0);
    this.#greet(session, login.packetSize);
    this.#phase = "session";
  }

  async #openSession(login: Login7): Promise<Session> {
    if (login.integratedSecurity) {
      const text =
        "Login failed. The login is from an untrusted domain and cannot be used with Windows authentication.";
      throw new LoginRefused([{ number: 18452, state: 1, class: 14, text, procedure: "", line: 1 }]);
    }
    const client: ClientConnection = {
      remoteAddress: this.#transport.remoteAddress,
      encrypted: this.#protection === "session",
      terminate: () => this.terminate(),
    };
    return this.#backend.login(login.request, client);
  }

  /** The answer to a login, in SQL Server's order. */
  #greet(session: Session, packetSize: number): void {
    const response = this.#response(session.id);
    let collationSent = false;
    for (const item of session.greeting) {
      if ("kind" in item) {
        // The collation stands between the database with its 5701 and the language.
        if (item.kind === "language" && !collationSent) {
          response.collation();
          collationSent = true;
        }
        response.environment(item);
      } else {
        response.message(item);
      }
    }
    if (!collationSent) response.collation();
    response.loginAcknowledgement(this.#backend.version);
    response.packetSize(packetSize, DEFAULT_PACKET_SIZE);
    void response.end();
    // Holds from the next message on.
    this.#packetSize = packetSize;
  }

  #refuse(messages: readonly Message[]): void {
    const response = this.#response(0);
    for (const message of messages) response.message(message);
    void response.end();
    this.#end();
  }

  async #serveRequest(message: ClientMessage): Promise<void> {
    const session = this.#session;
    if (session === undefined) throw new Error("A request without a session.");
    const response = this.#response(session.id);
    if (message.ignored) {
      await response.endCutOff();
      return;
    }
    if (message.type === PacketType.attention) {
      await response.endAttention();
      return;
    }
    const request: RunningRequest = { abort: new AbortController(), response, attention: false };
    this.#request = request;
    // An attention that came with the request itself.
    if (this.#waiting[0]?.type === PacketType.attention) {
      this.#waiting.shift();
      this.#cancel(request);
    }
    let broken = false;
    try {
      if (message.reset) {
        await session.reset();
        response.resetAcknowledged();
      }
      await this.#dispatch(session, message, response, request.abort.signal);
    } catch (error) {
      if (error instanceof ProtocolError) response.message(protocolMessage(error));
      else if (this.#closed) return;
      else {
        this.#reportBroken(error);
        response.message(brokenMessage(error));
        broken = true;
      }
    }
    this.#request = undefined;
    if (request.attention) {
      // Two messages: the one that was cut off, then the acknowledgement (MS-TDS 2.2.1.7).
      await response.endCutOff();
      await this.#response(session.id).endAttention();
    } else {
      await response.end();
    }
    if (response.fatal || broken) this.#end();
  }

  async #dispatch(
    session: Session,
    message: ClientMessage,
    response: ResponseWriter,
    signal: AbortSignal,
  ): Promise<void> {
    switch (message.type) {
      case PacketType.batch:
        return session.batch(batchText(message.payload), response, signal);
      case PacketType.remoteProcedureCall:
        return this.#callProcedures(session, message.payload, response, signal);
      case PacketType.transactionManagerRequest:
        return manageTransaction(
          this.#backend.name,
          session,
          parseTransactionRequest(message.payload),
          response,
          signal,
        );
      default:
        throw new ProtocolError();
    }
  }

  async #callProcedures(
    session: Session,
    payload: Buffer,
    response: ResponseWriter,
    signal: AbortSignal,
  ): Promise<void> {
    const calls = parseRemoteProcedureCalls(payload);
    for (const [index, call] of calls.entries()) {
      if (signal.aborted) return;
      response.beginProcedure();
      const { returnStatus, outputs } = await session.procedure(call.procedure, call.arguments, response, signal);
      response.endProcedure(returnStatus, outputOrdinals(call.arguments, outputs), index < calls.length - 1);
    }
  }

  #response(serverProcessId: number): ResponseWriter {
    return new ResponseWriter({
      send: (bytes) => this.#transport.send(bytes),
      serverName: this.#backend.name,
      sessionId: serverProcessId,
      packetSize: this.#packetSize,
      tdsVersion: this.#tdsVersion,
    });
  }

  /** Before the login a message that cannot be read ends the connection. */
  #attempt<Result>(read: () => Result): Result | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.terminate();
      return undefined;
    }
  }

  /** A failure outside of a request: of the login or of the wire itself. */
  #broken(error: unknown): void {
    this.#reportBroken(error);
    if (this.#closed) return;
    this.#refuse([brokenMessage(error)]);
  }

  #reportBroken(error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${this.#backend.name}: a session failed: ${detail}\n`);
  }
}

async function manageTransaction(
  serverName: string,
  session: Session,
  request: TransactionRequest,
  response: ResponseWriter,
  signal: AbortSignal,
): Promise<void> {
  const { action, name, beginAnother } = request;
  // Savepoints have no request of their own in the contract; their statements mean the same.
  const quoted = `[${name.replaceAll("]", "]]")}]`;
  if (action === "distributed") {
    const text = `MSDTC on server '${serverName}' is unavailable.`;
    response.message({ number: 8501, state: 1, class: 16, text, procedure: "", line: 1 });
  } else if (action === "save") {
    await session.batch(`SAVE TRANSACTION ${quoted}`, response, signal);
  } else if (action === "rollback" && name !== "") {
    await session.batch(`ROLLBACK TRANSACTION ${quoted}`, response, signal);
  } else {
    await session.transaction(action, response);
  }
  if (beginAnother) await session.transaction("begin", response);
}

function protocolMessage(error: ProtocolError): Message {
  return { number: error.number, state: 1, class: 16, text: error.message, procedure: "", line: 1 };
}

function brokenMessage(error: unknown): Message {
  const text = error instanceof Error ? error.message : String(error);
  return { number: ASSERTION_FAILED, state: 1, class: 20, text, procedure: "", line: 1 };
}
