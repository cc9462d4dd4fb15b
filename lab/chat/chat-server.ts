/**
 * A Persistent Chat server: follows its replica of the configuration. Active, it takes clients, holds a connection to the
 * database that the pool state selects and pings tblServerIdentity each second. Taken from the list while others stay on
 * it, it takes no new clients and keeps those that it has, and with them its database ("Set-CsPersistentChatActiveServer");
 * when the list is cleared it lets both go ("Failing back Persistent Chat Server", step 1).
 */
import type { ChatClient } from "./chat-client";
import type { MachineConfiguration, ManagementStore } from "../lync/management-store";
import { type DatabaseAddress, DatabaseConnection, DatabaseFailure, type DatabaseLogin } from "./database-connection";

export interface ChatServerOptions {
  /** FQDN; the server reads this machine's replica. */
  readonly machine: string;
  /** tblServerIdentity.serverID */
  readonly serverId: number;
  readonly store: ManagementStore;
  readonly login: DatabaseLogin;
  /** Where an instance listens; undefined for one that the lab does not play. */
  readonly address: (instance: string) => DatabaseAddress | undefined;
}

/** What a client sends. */
export interface ClientMessage {
  readonly room: number;
  readonly userId: number;
  readonly content: string;
  /** Ticks of .NET. */
  readonly date: bigint;
}

const PING_MS = 1_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** Requests that may wait for the database before clients are turned away. */
const MOST_WAITING = 20;

const PING = `UPDATE dbo.tblServerIdentity SET serverLastPingTime = GETDATE() WHERE serverID = @serverId;
IF @@ROWCOUNT = 0
  INSERT dbo.tblServerIdentity (serverID, serverAddress, serverLastPingTime) VALUES (@serverId, @address, GETDATE());`;

// Both rows or none: an id that was given out must never be given again. A room that is not there has no last id, and the
// insert fails on the NULL.
const STORE = `SET XACT_ABORT ON;
DECLARE @chatId bigint;
BEGIN TRANSACTION;
UPDATE dbo.tblLastChatId SET lastChatID = lastChatID + 1 WHERE nodeID = @room;
SELECT @chatId = lastChatID FROM dbo.tblLastChatId WHERE nodeID = @room;
INSERT dbo.tblChat (channelId, chatId, chatDate, userId, isAlert, content, rtf)
VALUES (@room, @chatId, @date, @userId, 0, @content, NULL);
COMMIT TRANSACTION;
SELECT @chatId AS chatId;`;

export class ChatServer {
  readonly machine: string;
  readonly #options: ChatServerOptions;
  #connection: DatabaseConnection | undefined;
  #running: Promise<void> | undefined;
  #stopping = false;
  #isWoken = false;
  #endPause: () => void = () => undefined;
  #unsubscribe: () => void = () => undefined;
  #lastFailure = "it is not active";
  readonly #clients = new Set<ChatClient>();

  constructor(options: ChatServerOptions) {
    this.#options = options;
    this.machine = options.machine;
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#stopping = false;
    this.#unsubscribe = this.#options.store.onReplicated((machine) => {
      if (machine === this.machine.toLowerCase()) this.#wake();
    });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#unsubscribe();
    this.#wake();
    await this.#running;
    this.#running = undefined;
  }

  /** The machine loses its power: clients and database see the connection drop. */
  async kill(): Promise<void> {
    this.#connection?.abandon();
    await this.stop();
    this.#lastFailure = "its machine is down";
  }

  /** Whether it takes new clients. */
  get takesClients(): boolean {
    return this.#running !== undefined && !this.#stopping && this.#options.store.replica(this.machine)?.active === true;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  hasClient(client: ChatClient): boolean {
    return this.#clients.has(client);
  }

  addClient(client: ChatClient): void {
    this.#clients.add(client);
  }

  removeClient(client: ChatClient): void {
    this.#clients.delete(client);
  }

  /** The instance it is connected to; undefined without a connection. */
  get instance(): string | undefined {
    return this.#connection?.isOpen === true ? this.#connection.instance : undefined;
  }

  /** Why it has no connection. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  /**
   * Stores a message and answers its id once the transaction is committed: only then may the client be told so.
   * Throws DatabaseFailure: 3906, 927, 942, 1205 …; 0 without a connection.
   */
  async send(message: ClientMessage): Promise<{ readonly chatId: number; readonly instance: string }> {
    const connection = this.#database();
    if (connection.waiting >= MOST_WAITING)
      throw new DatabaseFailure(
        0,
        `${this.machine} waits for ${connection.instance}: ${String(MOST_WAITING)} requests.`,
      );
    const { room, userId, content, date } = message;
    const chatId = await connection.execute(STORE, { room, userId, content, date });
    return { chatId: Number(chatId), instance: connection.instance };
  }

  /** Principal id of a user who may use Persistent Chat; undefined for anybody else. Throws DatabaseFailure. */
  async principal(address: string): Promise<number | undefined> {
    const query = "SELECT prinID FROM dbo.tblPrincipal WHERE prinUri = @address AND prinDisabled = 0;";
    const id = await this.#database().execute(query, { address });
    return typeof id === "number" ? id : undefined;
  }

  /** Node id of a room by its name, or of the first one; undefined when there is none. Throws DatabaseFailure. */
  async room(name?: string): Promise<number | undefined> {
    const named = name === undefined ? "" : " AND nodeName = @name";
    const query = `SELECT TOP (1) nodeID FROM dbo.tblNode WHERE nodeType = 0 AND disabled = 0${named} ORDER BY nodeID;`;
    const id = await this.#database().execute(query, name === undefined ? {} : { name });
    return typeof id === "number" ? id : undefined;
  }

  /** Content of a message; undefined when it is not there. Throws DatabaseFailure. */
  async read(room: number, chatId: number): Promise<string | undefined> {
    const query = "SELECT content FROM dbo.tblChat WHERE channelId = @room AND chatId = @chatId;";
    const content = await this.#database().execute(query, { room, chatId: BigInt(chatId) });
    return typeof content === "string" ? content : undefined;
  }

  #database(): DatabaseConnection {
    if (this.#connection?.isOpen === true) return this.#connection;
    throw new DatabaseFailure(0, `${this.machine} has no database: ${this.#lastFailure}`);
  }

  async #run(): Promise<void> {
    let retry = FIRST_RETRY_MS;
    while (!this.#stopping) {
      const wait = await this.#step(retry);
      retry = this.#connection === undefined ? Math.min(retry * 2, LAST_RETRY_MS) : FIRST_RETRY_MS;
      await this.#pause(wait);
    }
    this.#clients.clear();
    await this.#disconnect("it was stopped");
  }

  /** Connects, pings or disconnects; answers how long nothing is to be done, in milliseconds. */
  async #step(retry: number): Promise<number> {
    const configuration = this.#options.store.replica(this.machine);
    const keeps = configuration?.anyActive === true && this.#clients.size > 0;
    if (configuration === undefined || (!configuration.active && !keeps)) {
      this.#clients.clear();
      await this.#disconnect("it is not active");
      return PING_MS;
    }
    const instances = databaseInstances(configuration);
    if (this.#connection !== undefined && !instances.includes(this.#connection.instance))
      await this.#disconnect("the pool state selects another database");
    if (this.#connection?.isOpen === false) await this.#disconnect("the connection was lost");
    if (this.#connection === undefined && !(await this.#connect(instances, configuration.database.name))) return retry;
    await this.#ping();
    return PING_MS;
  }

  /** Tries the principal, then its mirror ("Failover Partner"). */
  async #connect(instances: readonly string[], database: string): Promise<boolean> {
    for (const instance of instances) {
      const address = this.#options.address(instance);
      if (address === undefined) continue;
      try {
        this.#connection = await DatabaseConnection.open(address, this.#options.login, database, this.machine);
        return true;
      } catch (error) {
        if (!(error instanceof DatabaseFailure)) throw error;
        this.#lastFailure = `${instance}: ${error.message}`;
      }
    }
    return false;
  }

  async #ping(): Promise<void> {
    try {
      await this.#connection?.execute(PING, {
        serverId: this.#options.serverId,
        address: `net.tcp://${this.machine}:8011/`,
      });
    } catch (error) {
      if (!(error instanceof DatabaseFailure)) throw error;
      // A read-only database is kept (3906): its rooms can be read. A lost connection is seen in the next step.
      this.#lastFailure = error.message;
    }
  }

  async #disconnect(reason: string): Promise<void> {
    this.#lastFailure = reason;
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  /** Ends the pause, or the next one when a step is in hand: it may have read the configuration before it changed. */
  #wake(): void {
    this.#isWoken = true;
    this.#endPause();
  }

  async #pause(milliseconds: number): Promise<void> {
    if (!this.#isWoken)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#endPause = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#isWoken = false;
  }
}

function databaseInstances({ database }: MachineConfiguration): string[] {
  return [database.instance, ...(database.mirror === undefined ? [] : [database.mirror.instance])];
}
