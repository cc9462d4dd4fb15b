/** All chat servers of the topology and the clients that talk through them. */
import { randomUUID } from "node:crypto";
import { LabError, type ChatReport, type ChatStatus, type StoredMessage } from "../control-commands";
import type { ExchangeRequest } from "../lync/managed-estate";
import type { ManagementStore } from "../lync/management-store";
import type { PoolTopology } from "../lync/topology";
import { CHAT_SERVICE } from "../lync/windows-services";
import { ROOMS } from "../scenarios/rows";
import { ticksOf } from "../scenarios/script-text";
import { ChatClient } from "./chat-client";
import { ChatServer } from "./chat-server";
import { type DatabaseAddress, DatabaseFailure, type DatabaseLogin } from "./database-connection";
import { exchange } from "./exchange";
import { Ledger } from "./ledger";
import { movesOf } from "./moves";

export interface ChatOptions {
  readonly store: ManagementStore;
  readonly login: DatabaseLogin;
  readonly address: (instance: string) => DatabaseAddress | undefined;
  /** Path of the ledger. */
  readonly ledger: string;
  /** Contents of the messages in a database that are as young as `since` (ticks). Throws when it cannot be read. */
  readonly contents: (instance: string, database: string, since: bigint) => Promise<ReadonlySet<string>>;
}

/** Messages per second of all clients together. */
const DEFAULT_RATE = 5;
/** How long `start` and `send` wait for a server with a database, in milliseconds. */
const CONNECTED_WITHIN = 5_000;
const POLL_MS = 50;
/** Principals 1 to 40 are in tblPrincipal. */
const USERS = 40;
const CLIENTS_PER_POOL = 12;

export class ChatService {
  readonly #options: ChatOptions;
  readonly #ledger: Ledger;
  readonly #pools: readonly { readonly topology: PoolTopology; readonly clients: readonly ChatClient[] }[];
  readonly #servers: ReadonlyMap<string, readonly ChatServer[]>;
  readonly #sending = new Set<Promise<unknown>>();
  readonly #off = new Set<string>();
  readonly #stopped = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #rate = 0;
  #offered = 0;
  #sent = 0;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.ledger);
    const { pools } = options.store.topology;
    this.#pools = pools.map((topology) => ({
      topology,
      clients: Array.from({ length: CLIENTS_PER_POOL }, (_, index) => new ChatClient(1 + (index % USERS))),
    }));
    this.#servers = new Map(
      pools.map(({ fqdn, machines }) => [
        fqdn,
        machines.map(({ fqdn: machine }, index) => new ChatServer({ ...options, machine, serverId: index + 1 })),
      ]),
    );
  }

  /**
   * Starts the servers, and the clients once the active ones are connected (or cannot be within 5 s): what clients are
   * refused from then on is downtime.
   * @param rate messages per second, default 5; 0: only those of `send`
   */
  async start(rate = DEFAULT_RATE): Promise<ChatStatus> {
    clearInterval(this.#timer);
    this.#isRunning = true;
    this.#rate = rate;
    const servers = this.#allServers().filter(({ machine }) => this.#mayRun(machine));
    for (const server of servers) server.start();
    const { store } = this.#options;
    const active = servers.filter(({ machine }) => store.replica(machine)?.active === true).length;
    const deadline = Date.now() + CONNECTED_WITHIN;
    while (this.#isRunning && this.status().connected.length < active && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (!this.#isRunning) return this.status();
    clearInterval(this.#timer);
    this.#ledger.record({ kind: "clients", time: new Date().toISOString(), state: "started" });
    if (rate > 0) this.#timer = setInterval(() => this.#offer(), 1000 / rate);
    return this.status();
  }

  /** Clients stop, then the servers, after the messages in hand. */
  async stop(): Promise<ChatStatus> {
    clearInterval(this.#timer);
    const didRun = this.#isRunning;
    this.#isRunning = false;
    await Promise.allSettled(this.#sending);
    if (didRun) this.#ledger.record({ kind: "clients", time: new Date().toISOString(), state: "stopped" });
    for (const { clients } of this.#pools) for (const client of clients) client.signOut();
    await Promise.all(this.#allServers().map((server) => server.stop()));
    return this.status();
  }

  /** Messages per second while the chat runs, null while it does not. */
  get rate(): number | null {
    return this.#isRunning ? this.#rate : null;
  }

  /** Machines without power: their servers are gone, whatever the chat does. */
  get machinesOff(): readonly string[] {
    return [...this.#off];
  }

  /** Services that were stopped by hand, as `serviceName` writes them. */
  get stoppedServices(): readonly string[] {
    return [...this.#stopped];
  }

  /** Whether a service of a machine runs: stopping the chat stops all chat servers. */
  isServiceRunning(machine: string, key: string): boolean {
    return (key !== CHAT_SERVICE || this.#isRunning) && !this.#stopped.has(serviceName(machine, key));
  }

  /** Starts or stops a Windows service of a machine; the chat server ends with its own, after the messages in hand. */
  async setService(machine: string, key: string, running: boolean): Promise<void> {
    if (running) this.#stopped.delete(serviceName(machine, key));
    else this.#stopped.add(serviceName(machine, key));
    if (key !== CHAT_SERVICE) return;
    const servers = this.#serversOn([machine]);
    if (!running) await Promise.all(servers.map((server) => server.stop()));
    else if (this.#isRunning && this.#mayRun(machine)) for (const server of servers) server.start();
    else if (!this.#isRunning) {
      // The chat was stopped as a whole: this server runs again, and no other.
      for (const other of this.#allServers())
        if (!servers.includes(other)) this.#stopped.add(serviceName(other.machine, CHAT_SERVICE));
      await this.start(0);
    }
  }

  /** Takes the power from machines: connections drop, nothing is finished. Their services start with them again. */
  async turnOff(machines: readonly string[]): Promise<void> {
    for (const machine of machines) {
      this.#off.add(machine);
      for (const service of this.#stopped)
        if (service.startsWith(serviceName(machine, ""))) this.#stopped.delete(service);
    }
    await Promise.all(this.#serversOn(machines).map((server) => server.kill()));
  }

  /** Gives it back: their servers start when the chat runs. */
  turnOn(machines: readonly string[]): void {
    for (const machine of machines) this.#off.delete(machine);
    if (this.#isRunning) for (const server of this.#serversOn(machines)) server.start();
  }

  status(): ChatStatus {
    const connected = this.#allServers().flatMap(({ machine, instance, clientCount }) =>
      instance === undefined ? [] : [{ machine, instance, clients: clientCount }],
    );
    return { running: this.#isRunning, connected, stored: this.#ledger.messages.length };
  }

  /** One message now. Throws LabError when no server takes it. */
  async send(wanted: {
    readonly pool?: string;
    readonly room?: number;
    readonly text?: string;
  }): Promise<StoredMessage> {
    const pool = this.#pools.find(({ topology }) => wanted.pool === undefined || topology.fqdn === wanted.pool);
    if (pool === undefined)
      throw new LabError(`There is no pool ${String(wanted.pool)}.`, "See: npm run lab -- status");
    const deadline = Date.now() + CONNECTED_WITHIN;
    for (;;) {
      try {
        return await this.#send(pool.topology.fqdn, wanted.room ?? (ROOMS[0] as number), wanted.text ?? "Sent now.");
      } catch (error) {
        if (!(error instanceof DatabaseFailure)) throw error;
        if (!this.#isRunning || Date.now() > deadline)
          throw new LabError(
            `The message was not stored: ${error.message}`,
            !this.#isRunning ? "Start the chat first: npm run lab -- chat start" : "See: npm run lab -- status",
          );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Two users of a pool exchange messages. Throws Error: which step failed, and why. */
  exchange(request: ExchangeRequest): Promise<void> {
    const all = this.#servers.get(request.pool) ?? [];
    return exchange(request, {
      servers: all.filter(({ instance, takesClients }) => instance !== undefined && takesClients),
      reason: this.#isRunning ? noServer(all) : "its chat servers are stopped (npm run lab -- chat start)",
      send: (server, room, userId, text) => this.#store(request.pool, server, { room, userId, text }),
    });
  }

  /** Downtime, and what clients were told is stored but is not in the database that the pool uses now. */
  async report(): Promise<ChatReport> {
    const pools = await Promise.all(this.#pools.map(({ topology }) => this.#compare(topology)));
    const { messages } = this.#ledger;
    return {
      running: this.#isRunning,
      stored: messages.length,
      downtime: this.#ledger.downtime(Date.now()),
      moves: pools.flatMap(({ fqdn, lost }) =>
        movesOf(
          fqdn,
          messages.filter(({ pool }) => pool === fqdn),
          lost,
        ),
      ),
      pools,
    };
  }

  async #compare(pool: PoolTopology): Promise<ChatReport["pools"][number]> {
    const messages = this.#ledger.messages.filter((message) => message.pool === pool.fqdn);
    const poolState = this.#options.store.settings(pool)?.poolState ?? "Normal";
    const { primary, mirror, backup, backupMirror } = pool.content;
    const candidates = poolState === "Normal" ? [primary, mirror] : [backup, backupMirror];
    const result = { fqdn: pool.fqdn, poolState, instance: candidates[0]?.instance ?? "", stored: messages.length };
    const since = ticksOf(Math.min(...messages.map(({ time }) => Date.parse(time)), Date.now()) - 60_000);
    let error = "";
    for (const store of candidates) {
      if (store === undefined) continue;
      try {
        const contents = await this.#options.contents(store.instance, pool.databases.content, since);
        const lost = messages.filter((message) => !contents.has(keyOf(message.room, message.chatId, message.id)));
        return { ...result, instance: store.instance, lost, error: null };
      } catch (failure) {
        // The principal's reason stands; its mirror cannot be read while it is one.
        if (error === "") error = failure instanceof Error ? failure.message : String(failure);
      }
    }
    return { ...result, lost: null, error };
  }

  /** A client sends: to any server of the next pool. */
  #offer(): void {
    const pool = this.#pools[this.#offered % this.#pools.length];
    if (pool === undefined) return;
    this.#offered += 1;
    const room = ROOMS[this.#offered % ROOMS.length] as number;
    const sent = this.#send(pool.topology.fqdn, room, `Message ${String(this.#offered)}.`).catch((error: unknown) => {
      // The client is told that the message was not stored; the record of downtime has the reason.
      if (!(error instanceof DatabaseFailure)) console.error(error);
    });
    this.#sending.add(sent);
    void sent.finally(() => this.#sending.delete(sent));
  }

  async #send(pool: string, room: number, text: string): Promise<StoredMessage> {
    const clients = this.#pools.find(({ topology }) => topology.fqdn === pool)?.clients ?? [];
    const servers = this.#servers.get(pool) ?? [];
    const client = clients[this.#sent % Math.max(clients.length, 1)];
    this.#sent += 1;
    try {
      const server = client?.signIn(servers);
      if (client === undefined || server === undefined) throw new DatabaseFailure(0, noServer(servers));
      return await this.#store(pool, server, { room, userId: client.userId, text });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#ledger.record({ kind: "refused", time: new Date().toISOString(), pool, reason });
      throw error;
    }
  }

  /** Stores a message through a server and writes down that the client was told so. Throws DatabaseFailure. */
  async #store(
    pool: string,
    server: ChatServer,
    { room, userId, text }: { readonly room: number; readonly userId: number; readonly text: string },
  ): Promise<StoredMessage> {
    const id = randomUUID();
    const message = { room, userId, content: `${text} [${id}]`, date: ticksOf(Date.now()) };
    const { chatId, instance } = await server.send(message);
    const time = new Date().toISOString();
    const stored: StoredMessage = { id, time, pool, room, chatId, server: server.machine, instance };
    this.#ledger.record({ kind: "stored", time, message: stored });
    return stored;
  }

  #mayRun(machine: string): boolean {
    return !this.#off.has(machine) && !this.#stopped.has(serviceName(machine, CHAT_SERVICE));
  }

  #serversOn(machines: readonly string[]): ChatServer[] {
    return this.#allServers().filter(({ machine }) => machines.includes(machine));
  }

  #allServers(): ChatServer[] {
    return [...this.#servers.values()].flat();
  }
}

/** A service of a machine, for the list of those that were stopped. */
export function serviceName(machine: string, key: string): string {
  return `${machine.toLowerCase()} ${key.toUpperCase()}`;
}

/** Names a message in its database: room, id there, and the identifier at the end of its content. */
export function keyOf(room: number, chatId: number, id: string): string {
  return `${String(room)} ${String(chatId)} ${id}`;
}

function noServer(servers: readonly ChatServer[]): string {
  const reasons = new Set(servers.map(({ lastFailure }) => lastFailure));
  return `No chat server has a database: ${[...reasons].join("; ")}`;
}
