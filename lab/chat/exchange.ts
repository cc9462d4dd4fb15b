/** Two users of a pool exchange messages through its servers: what Test-CsPersistentChatMessage does. */
import type { StoredMessage } from "../control-commands";
import type { ExchangeRequest } from "../lync/managed-estate";
import type { ChatServer } from "./chat-server";
import { DatabaseFailure } from "./database-connection";

/** What an exchange needs of the chat service. */
export interface ExchangeParts {
  /** Servers of the pool that take clients now. */
  readonly servers: readonly ChatServer[];
  /** Why there is none. */
  readonly reason: string;
  /** Stores a message through a server, ledger included. */
  readonly send: (server: ChatServer, room: number, userId: number, text: string) => Promise<StoredMessage>;
}

/**
 * Logs both users on, has them join a room, and each read what the other one wrote, from the database that the servers
 * have now. Throws Error: which step failed, and why.
 */
export async function exchange(request: ExchangeRequest, { servers, reason, send }: ExchangeParts): Promise<void> {
  const [first] = servers;
  const second = servers[1] ?? first;
  if (first === undefined || second === undefined)
    throw new Error(`Unable to establish a connection to Persistent Chat pool ${request.pool}: ${reason}`);
  const step = async <Value>(name: string, work: () => Promise<Value>): Promise<Value> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseFailure)) throw error;
      throw new Error(`${name} failed: ${error.message}`, { cause: error });
    }
  };
  const [sender, receiver] = await step("Log on", async () => [
    await first.principal(request.sender),
    await second.principal(request.receiver),
  ]);
  for (const [address, id] of [
    [request.sender, sender],
    [request.receiver, receiver],
  ] as const)
    if (id === undefined) throw new Error(`User ${address} is not enabled for Persistent Chat.`);
  const room = await step("Join room", () => first.room(request.room));
  if (room === undefined)
    throw new Error(
      request.room === undefined
        ? `Pool ${request.pool} has no chat room.`
        : `Pool ${request.pool} has no chat room "${request.room}".`,
    );
  for (const [writer, reader, id] of [
    [first, second, sender],
    [second, first, receiver],
  ] as const) {
    const stored = await step("Send message", () => send(writer, room, id as number, "Test message."));
    const content = await step("Receive message", () => reader.read(room, stored.chatId));
    if (content?.endsWith(`[${stored.id}]`) !== true)
      throw new Error(`Receive message failed: message ${String(stored.chatId)} is not in room ${String(room)}.`);
  }
}
