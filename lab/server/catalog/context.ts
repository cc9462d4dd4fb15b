import type { Database } from "../database";
import type { Instance } from "../instance";
import type { ServerSession } from "../server-session";

/** For whom and of what a system view makes its rows. */
export interface CatalogContext {
  readonly session: ServerSession;
  readonly instance: Instance;
  /** The database whose view it is: the current one, or the one named before the schema. */
  readonly database: Database;
}
