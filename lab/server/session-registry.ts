import type { Database } from "./database";
import type { ServerSession } from "./server-session";

/** Session ids up to 50 belong to the server itself (sys.dm_exec_sessions, session_id). */
const FIRST_USER_SESSION = 51;

/** The sessions of one instance. Ids are used again, the lowest free one first. */
export class SessionRegistry {
  readonly #sessions = new Map<number, ServerSession>();

  /** The lowest id that is free. */
  nextId(): number {
    let id = FIRST_USER_SESSION;
    while (this.#sessions.has(id)) id += 1;
    return id;
  }

  add(session: ServerSession): void {
    this.#sessions.set(session.id, session);
  }

  remove(session: ServerSession): void {
    if (this.#sessions.get(session.id) === session) this.#sessions.delete(session.id);
  }

  find(id: number): ServerSession | undefined {
    return this.#sessions.get(id);
  }

  /** By id. */
  all(): readonly ServerSession[] {
    return [...this.#sessions.values()].sort((one, other) => one.id - other.id);
  }

  /** Sessions that use a database: it is their current one, or they have changed something in it. */
  in(database: Database): readonly ServerSession[] {
    return this.all().filter(
      (session) => session.database === database || session.transactions.databases.has(database),
    );
  }
}
