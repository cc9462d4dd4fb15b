/**
 * Relays between a client and an instance that note what passes, as a third party on the network would see it: whether login
 * and requests went in plain text, whether an attention was sent, and who ended the connection.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { ClientFrames, type FrameKind } from "./conformance-frames";
import type { CaseResult } from "./conformance-report";

/** What a relay is for; the cases find it in the lab's JSON as the instance of this role at the site "wire". */
export type WireRole = "without TLS" | "TLS for the login only" | "TLS throughout" | "refused login" | "attention";

export const wireRoles: readonly WireRole[] = [
  "without TLS",
  "TLS for the login only",
  "TLS throughout",
  "refused login",
  "attention",
];

/** How long an instance may take to end a connection by itself, in milliseconds. */
const endWithinMilliseconds = 10_000;
const pollMilliseconds = 20;

/** What was seen of one connection. */
interface Connection {
  login: "none" | "plain" | "TLS";
  plainRequests: number;
  protectedRequests: number;
  attentions: number;
  requestsAfterAttention: number;
  endedByInstance: boolean;
}

/** A relay on loopback to one instance. */
export class WireRelay {
  readonly #connections: Connection[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly role: WireRole,
    readonly server: Server,
    readonly address: { readonly host: string; readonly port: number },
  ) {
    server.on("connection", (client: Socket) => this.#relay(client));
  }

  static async start(role: WireRole, address: { readonly host: string; readonly port: number }): Promise<WireRelay> {
    const server = createServer({ allowHalfOpen: true });
    const relay = new WireRelay(role, server, address);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return relay;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What must have been seen when the client's cases are through, as one more case. */
  async judge(clientEndsAfterAttention: boolean): Promise<CaseResult> {
    const name = `${this.role}, as seen on the wire`;
    if (this.role === "refused login") await this.#untilEndedByInstance();
    const wrong = this.#connections.length === 0 ? "no connection was made" : this.#wrong(clientEndsAfterAttention);
    return { name, passed: wrong === undefined, found: wrong ?? `${String(this.#connections.length)} connections` };
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #wrong(clientEndsAfterAttention: boolean): string | undefined {
    const all = (what: string, holds: (one: Connection) => boolean): string | undefined => {
      const found = this.#connections.find((one) => !holds(one));
      return found === undefined ? undefined : `expected ${what}, found ${JSON.stringify(found)}`;
    };
    switch (this.role) {
      case "without TLS":
        return all(
          "login and requests in plain text",
          (one) => one.login === "plain" && one.plainRequests > 0 && one.protectedRequests === 0,
        );
      case "TLS for the login only":
        return all(
          "a login in TLS and requests in plain text",
          (one) => one.login === "TLS" && one.plainRequests > 0 && one.protectedRequests === 0,
        );
      case "TLS throughout":
        return all(
          "login and requests in TLS",
          (one) => one.login === "TLS" && one.plainRequests === 0 && one.protectedRequests > 0,
        );
      case "refused login":
        return all("an end by the instance", (one) => one.login !== "none" && one.endedByInstance);
      case "attention":
        return this.#connections.some(
          (one) => one.attentions > 0 && (clientEndsAfterAttention || one.requestsAfterAttention > 0),
        )
          ? undefined
          : `expected an attention and a request behind it, found ${JSON.stringify(this.#connections)}`;
    }
  }

  async #untilEndedByInstance(): Promise<void> {
    const deadline = Date.now() + endWithinMilliseconds;
    while (this.#connections.some((one) => !one.endedByInstance) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  }

  #relay(client: Socket): void {
    const seen: Connection = {
      login: "none",
      plainRequests: 0,
      protectedRequests: 0,
      attentions: 0,
      requestsAfterAttention: 0,
      endedByInstance: false,
    };
    this.#connections.push(seen);
    const instance = connect({ ...this.address, allowHalfOpen: true });
    for (const socket of [client, instance]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.once("close", () => this.#sockets.delete(socket));
    }
    const frames = new ClientFrames((kind) => note(seen, kind));
    client.on("data", (chunk: Buffer) => frames.push(chunk));
    // A refused login is the instance's to end: the client's own end is not passed on.
    const passEnd = this.role !== "refused login";
    client.pipe(instance, { end: passEnd });
    instance.pipe(client);
    instance.once("end", () => {
      seen.endedByInstance = true;
      instance.end();
    });
    // One side that is gone without a word ends the other.
    client.once("error", () => passEnd && instance.destroy());
    instance.once("error", () => client.destroy());
  }
}

function note(seen: Connection, kind: FrameKind): void {
  if (kind === "prelogin") return;
  if (seen.login === "none") {
    seen.login = kind === "TLS" ? "TLS" : "plain";
    return;
  }
  if (kind === "attention") seen.attentions += 1;
  else if (seen.attentions > 0) seen.requestsAfterAttention += 1;
  if (kind === "TLS") seen.protectedRequests += 1;
  else seen.plainRequests += 1;
}
