/** The shell's end of the control port: one connection, opened when it is first needed and again when it broke. */
import { type Socket, connect } from "node:net";
import type { ShellRequest, ShellResponse } from "../control-protocol";
import { readJsonLines, writeJsonLine } from "./json-lines";

/** A request without its number. */
export type Unnumbered<T> = T extends unknown ? Omit<T, "id"> : never;

export interface ControlAddress {
  readonly host: string;
  readonly port: number;
  readonly token: string;
}

interface Waiting {
  readonly resolve: (response: ShellResponse) => void;
  readonly reject: (error: Error) => void;
}

function isResponse(message: unknown): message is ShellResponse {
  return typeof message === "object" && message !== null && "id" in message && "kind" in message;
}

/** Sends requests to the lab's daemon. */
export class ControlClient {
  readonly #address: ControlAddress;
  readonly #client: string;
  readonly #waiting = new Map<number, Waiting>();
  #connection: Promise<Socket> | undefined;
  #lastId = 0;

  /** @param client what this process calls itself in the journal */
  constructor(address: ControlAddress, client: string) {
    this.#address = address;
    this.#client = client;
  }

  /** Answers the response; throws when the daemon cannot be reached, refuses the token, or goes away meanwhile. */
  async request(message: Unnumbered<ShellRequest>): Promise<ShellResponse> {
    this.#connection ??= this.#open();
    const socket = await this.#connection;
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      socket.ref();
      this.#waiting.set(id, { resolve, reject });
      writeJsonLine(socket, { ...message, id });
    });
  }

  close(): void {
    void this.#connection?.then(
      (socket) => socket.destroy(),
      () => undefined,
    );
  }

  #open(): Promise<Socket> {
    const { host, port, token } = this.#address;
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      const lost = (reason: string): void => {
        this.#connection = undefined;
        const error = new Error(`The Central Management store at ${host}:${String(port)} cannot be reached: ${reason}`);
        reject(error);
        for (const { reject: giveUp } of this.#waiting.values()) giveUp(error);
        this.#waiting.clear();
      };
      socket.on("error", (error) => lost(error.message));
      socket.on("close", () => lost("the connection was closed."));
      socket.on("connect", () => writeJsonLine(socket, { token, client: this.#client }));
      readJsonLines(socket, (message) => {
        if (!isResponse(message)) {
          const welcome =
            typeof message === "object" && message !== null && "kind" in message && message.kind === "welcome";
          if (welcome) resolve(socket);
          else socket.destroy(new Error("the token was refused."));
          return;
        }
        const waiting = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        // An idle connection must not keep the shell alive after its input has ended.
        if (this.#waiting.size === 0) socket.unref();
        waiting?.resolve(message);
      });
    });
  }
}
