/** A client of a chat pool: signed in to one server, with which it stays for as long as the server keeps it. */
import type { ChatServer } from "./chat-server";

export class ChatClient {
  #server: ChatServer | undefined;

  /** @param userId tblPrincipal.prinID */
  constructor(readonly userId: number) {}

  /**
   * The server to send through. A client whose server has let it go, or has no database while another one has, signs in
   * again: to the server with the fewest clients of those that take new ones, first of all one with a database.
   * Undefined when no server takes it.
   */
  signIn(servers: readonly ChatServer[]): ChatServer | undefined {
    const present = this.#server?.hasClient(this) === true ? this.#server : undefined;
    if (present?.instance !== undefined) return present;
    const open = servers.filter(({ takesClients }) => takesClients);
    const working = open.filter(({ instance }) => instance !== undefined);
    const fewest = (list: readonly ChatServer[]): ChatServer | undefined =>
      [...list].sort((one, other) => one.clientCount - other.clientCount)[0];
    const chosen = fewest(working) ?? present ?? fewest(open);
    if (chosen !== present) {
      this.signOut();
      chosen?.addClient(this);
      this.#server = chosen;
    }
    return chosen;
  }

  signOut(): void {
    this.#server?.removeClient(this);
    this.#server = undefined;
  }
}
