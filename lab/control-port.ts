/** The daemon's control port on loopback: shells and the command line, told apart by the kind of their messages. */
import { createServer, type Server, type Socket } from "node:net";
import { isLabRequest, LabError, type LabRequest, type LabResponse } from "./control-commands";
import { isGreeting, isShellRequest, type ShellConnection, type ShellEndpoint } from "./shell/endpoint";
import { readJsonLines, writeJsonLine } from "./shell/json-lines";

/** What the port needs; set before a client may be answered. */
export interface ControlServices {
  readonly token: string;
  readonly shells: ShellEndpoint;
  /** Runs a command of the lab. Throws LabError for what a person may get wrong. */
  execute(request: LabRequest): Promise<unknown>;
}

export class ControlPort {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #services: ControlServices | undefined;

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /**
   * Takes the port; clients are refused until `open`. Whoever holds the port is the lab of this base.
   * Throws the error of node:net (EADDRINUSE).
   */
  static async listen(port: number): Promise<ControlPort> {
    const control = new ControlPort();
    await new Promise<void>((resolve, reject) => {
      control.#server.once("error", reject);
      control.#server.listen(port, "127.0.0.1", () => {
        control.#server.off("error", reject);
        resolve();
      });
    });
    return control;
  }

  open(services: ControlServices): void {
    this.#services = services;
  }

  /** Stops listening and ends the connections, answers that were written first. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroySoon();
    await closed;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let shell: ShellConnection | undefined;
    // A client that is killed resets its connection: that ends the connection and nothing else.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      if (shell !== undefined) this.#services?.shells.disconnect(shell);
    });
    readJsonLines(socket, (message) => {
      const services = this.#services;
      if (services === undefined || (shell === undefined && !isGreeting(message, services.token))) {
        writeJsonLine(socket, { kind: "refused" });
        socket.end();
      } else if (shell === undefined) {
        shell = services.shells.connect((message as { client: string }).client);
        writeJsonLine(socket, { kind: "welcome" });
      } else if (isShellRequest(message)) {
        void services.shells.answer(shell, message).then((response) => writeJsonLine(socket, response));
      } else if (isLabRequest(message)) {
        void answer(services, message).then((response) => writeJsonLine(socket, response));
      } else socket.destroy(new Error("The control port takes requests of shells and of the lab's command line."));
    });
  }
}

async function answer(services: ControlServices, request: LabRequest): Promise<LabResponse> {
  const { id } = request;
  try {
    return { id, kind: "result", value: await services.execute(request) };
  } catch (error) {
    if (error instanceof LabError) return { id, kind: "failed", message: error.message, hint: error.hint };
    // The lab itself is wrong: the daemon's log has the whole stack.
    console.error(error);
    const message = error instanceof Error ? error.message : String(error);
    return { id, kind: "failed", message, hint: "See daemon.log in the lab's directory." };
  }
}
