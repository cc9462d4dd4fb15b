/**
 * The daemon's end of the control port, as far as shells are concerned: cmdlets of the management store, remote
 * sessions, and a journal entry for each. Plug `handle` into a server of its own, or `answer` into one that other
 * kinds of message share (`isShellRequest` tells which are whose).
 */
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type {
  CmdletJournalEntry,
  CmdletRequest,
  Greeting,
  OpenSessionRequest,
  ShellRequest,
  ShellResponse,
  WireValue,
} from "../control-protocol";
import type { ManagementStore } from "../lync/management-store";
import { type Administrator, MANAGEMENT_HOST } from "../lync/topology";
import { CmdletFailure, failure } from "./error-record";
import { readJsonLines, writeJsonLine } from "./json-lines";

export interface ShellEndpointOptions {
  /** Takes one entry per cmdlet, when it has ended. */
  readonly journal: (entry: CmdletJournalEntry) => void;
  /** Host that local shells run on; default the estate's management host. */
  readonly computer?: string;
}

interface RemoteUser {
  readonly administrator: Administrator;
  readonly computer: string;
}

/** One connected shell process. */
export interface ShellConnection {
  readonly client: string;
  /** Remote sessions by identifier. */
  readonly sessions: Map<string, RemoteUser>;
  /** Aborted when the process has ended. */
  readonly gone: AbortController;
}

/** Asked before a change when nobody has answered yet. */
class ConfirmationRequired extends Error {
  constructor(
    readonly action: string,
    readonly target: string,
    readonly details: string | undefined,
  ) {
    super(`${action} on ${target} has to be confirmed.`);
  }
}

const KINDS = new Set(["commands", "cmdlet", "open-session", "close-session"]);

/** Whether a message of the control port is for this endpoint. */
export function isShellRequest(message: unknown): message is ShellRequest {
  return (
    typeof message === "object" &&
    message !== null &&
    "kind" in message &&
    typeof message.kind === "string" &&
    KINDS.has(message.kind)
  );
}

/** Whether a connection's first line is a greeting with this token. */
export function isGreeting(message: unknown, token: string): message is Greeting {
  return typeof message === "object" && message !== null && "token" in message && message.token === token;
}

/** A parameter as the journal keeps it: a credential without its password. */
function unsecret(value: WireValue): WireValue {
  if (typeof value !== "object" || value === null || !("type" in value)) return value;
  return value.type.endsWith("PSCredential")
    ? { ...value, properties: { ...value.properties, Password: "***" } }
    : value;
}

/** Serves shells. */
export class ShellEndpoint {
  readonly #store: ManagementStore;
  readonly #options: ShellEndpointOptions;
  readonly #connections = new Set<ShellConnection>();

  constructor(store: ManagementStore, options: ShellEndpointOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Serves a whole connection: greeting, requests, answers. */
  handle(socket: Socket, token: string): void {
    let connection: ShellConnection | undefined;
    // A shell that is killed resets its connection: that ends the connection and nothing else.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => connection && this.disconnect(connection));
    readJsonLines(socket, (message) => {
      if (connection === undefined) {
        if (!isGreeting(message, token)) {
          writeJsonLine(socket, { kind: "refused" });
          socket.end();
          return;
        }
        connection = this.connect(message.client);
        writeJsonLine(socket, { kind: "welcome" });
      } else if (isShellRequest(message))
        void this.answer(connection, message).then((response) => writeJsonLine(socket, response));
      else socket.destroy(new Error(`The shell endpoint knows the kinds ${[...KINDS].join(", ")}.`));
    });
  }

  /** @param client what the process calls itself */
  connect(client: string): ShellConnection {
    const connection: ShellConnection = { client, sessions: new Map(), gone: new AbortController() };
    this.#connections.add(connection);
    return connection;
  }

  disconnect(connection: ShellConnection): void {
    this.#connections.delete(connection);
    connection.gone.abort(new Error(`The shell ${connection.client} has ended.`));
  }

  /** Breaks every remote session, as a Front End that restarts does. Answers how many there were. */
  breakSessions(): number {
    let count = 0;
    for (const { sessions } of this.#connections) {
      count += sessions.size;
      sessions.clear();
    }
    return count;
  }

  /** Answers one request; never throws for what a shell may get wrong. */
  async answer(connection: ShellConnection, request: ShellRequest): Promise<ShellResponse> {
    const { id } = request;
    try {
      const user = request.session === undefined ? undefined : this.#session(connection, request.session);
      switch (request.kind) {
        case "commands":
          return { id, kind: "commands", commands: this.#store.commands(user?.administrator) };
        case "open-session":
          return this.#openSession(connection, request);
        case "close-session":
          connection.sessions.delete(request.session);
          return { id, kind: "closed" };
        case "cmdlet":
          return await this.#cmdlet(connection, request, user);
      }
    } catch (error) {
      if (error instanceof CmdletFailure) return { id, kind: "error", error: error.data };
      // Nobody is there any more to be told; anything else is a mistake of the lab's, which its log keeps.
      if (!connection.gone.signal.aborted) console.error(error);
      const message = error instanceof Error ? error.message : String(error);
      return { id, kind: "error", error: failure("Exception", "NotSpecified", "System.Exception", message).data };
    }
  }

  #session(connection: ShellConnection, session: string): RemoteUser {
    const user = connection.sessions.get(session);
    if (user !== undefined) return user;
    throw failure(
      "InvalidRunspaceState",
      "InvalidOperation",
      "System.Management.Automation.Runspaces.InvalidRunspaceStateException",
      `Because the session state for session ${session} is not equal to Open, you cannot run a command in the session. The session state is Broken.`,
    );
  }

  #openSession(connection: ShellConnection, request: OpenSessionRequest): ShellResponse {
    const started = Date.now();
    const { connectionUri, userName, password } = request;
    const note = (error: string | null): void => {
      this.#journal(
        connection,
        request,
        "New-PSSession",
        { ConnectionUri: connectionUri, UserName: userName },
        started,
        error,
        [],
      );
    };
    const refuse = (errorId: string, message: string): CmdletFailure => {
      note(message);
      return failure(
        errorId,
        "OpenError",
        "System.Management.Automation.Remoting.PSRemotingTransportException",
        message,
        {
          name: "System.Manageme....RemoteRunspace",
          type: "RemoteRunspace",
          terminating: false,
        },
      );
    };
    const uri = URL.canParse(connectionUri) ? new URL(connectionUri) : undefined;
    const host = uri?.hostname ?? connectionUri;
    const failed = `[${host}] Connecting to remote server ${host} failed with the following error message : `;
    const hosts = this.#store.topology.pools.flatMap(({ fqdn, registrar }) => [fqdn, registrar]);
    if (uri?.protocol !== "https:" || !hosts.some((fqdn) => fqdn.toLowerCase() === host))
      throw refuse(
        "CannotConnect,PSSessionOpenFailed",
        `${failed}The client cannot connect to the destination specified in the request. Verify that the service on the destination is running and is accepting requests.`,
      );
    if (!/^\/ocspowershell\/?$/i.test(uri.pathname))
      throw refuse(
        "WinRMOperationFailed,PSSessionOpenFailed",
        `${failed}The WinRM client received an HTTP status code of 404 from the remote WS-Management service.`,
      );
    const administrator = this.#store.authenticate(userName, password);
    if (administrator === undefined)
      throw refuse(
        "AccessDenied,PSSessionOpenFailed",
        `${failed}Access is denied. For more information, see the about_Remote_Troubleshooting Help topic.`,
      );
    const session = randomUUID();
    const computer = this.#store.topology.otherReplicas[0] ?? host;
    connection.sessions.set(session, { administrator, computer });
    note(null);
    return { id: request.id, kind: "session", session, computer: host };
  }

  async #cmdlet(
    connection: ShellConnection,
    request: CmdletRequest,
    user: RemoteUser | undefined,
  ): Promise<ShellResponse> {
    const started = Date.now();
    const { id, cmdlet, parameters } = request;
    const whatIf = parameters["WhatIf"] === true;
    let asked: { action: string; target: string } | undefined;
    let changes: string[] = [];
    let message: string | null = null;
    try {
      // Inside a remote session only the cmdlets of the user's roles exist.
      if (
        user !== undefined &&
        !this.#store.commands(user.administrator).some(({ name }) => name.toLowerCase() === cmdlet.toLowerCase())
      )
        throw failure(
          "CommandNotFoundException",
          "ObjectNotFound",
          "System.Management.Automation.CommandNotFoundException",
          `The term '${cmdlet}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.`,
          { name: cmdlet, type: "String" },
        );
      const objects = await this.#store.execute(cmdlet, parameters, {
        computer: user?.computer ?? this.#options.computer ?? MANAGEMENT_HOST,
        signal: connection.gone.signal,
        shouldProcess: (action, target, details) => {
          asked = { action, target };
          if (whatIf) return false;
          if (!request.confirmed) throw new ConfirmationRequired(action, target, details);
          changes = [action];
          return true;
        },
      });
      return whatIf && asked !== undefined ? { id, kind: "what-if", ...asked } : { id, kind: "objects", objects };
    } catch (error) {
      if (error instanceof ConfirmationRequired) {
        message = "Waiting for confirmation.";
        const { action, target, details } = error;
        return { id, kind: "confirmation", action, target, ...(details === undefined ? {} : { details }) };
      }
      changes = [];
      message = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      this.#journal(connection, request, cmdlet, parameters, started, message, changes);
    }
  }

  #journal(
    { client }: ShellConnection,
    { session, text }: CmdletRequest | OpenSessionRequest,
    cmdlet: string,
    parameters: Readonly<Record<string, WireValue>>,
    started: number,
    error: string | null,
    changes: readonly string[],
  ): void {
    this.#options.journal({
      time: new Date(started).toISOString(),
      kind: "cmdlet",
      shell: session === undefined ? client : `${client}/${session}`,
      client,
      text,
      cmdlet,
      parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, unsecret(value)])),
      error,
      durationMs: Date.now() - started,
      changes,
    });
  }
}
