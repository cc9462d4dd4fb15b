/** Mirroring of mgc and mgccomp inside a site, set up as Topology Builder and the failover page do: Install-CsMirrorDatabase. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DatabaseType, poolDatabases } from "../lync/database-roles";
import { instanceName } from "../lync/managed-estate";
import type { PlayedEstate, PlayedHost, PlayedPool } from "./estate-played";
import { text } from "./script-text";
import { firstValue, runBatches } from "./sql-console";

/** Folder of the share for the files that a mirror is made from; its content can be deleted afterwards. */
export const MIRROR_FOLDER = "mirror";
/** Longest time until partners have found each other, in milliseconds. */
const SYNCHRONIZED_WITHIN = 60_000;
const POLL_MS = 20;

/**
 * Mirrors a pool's database of one site to the mirror of the topology, where a copy that is left over is dropped, and waits
 * until it is synchronized. Throws Error.
 */
export async function mirrorDatabase(
  estate: PlayedEstate,
  pool: PlayedPool,
  database: string,
  principal: PlayedHost,
): Promise<void> {
  const { type, store } = storeOf(pool, database, principal);
  const directory = join(pool.shareDirectory, MIRROR_FOLDER);
  await estate.cmdlet("Install-CsMirrorDatabase", {
    DatabaseType: type,
    SqlServerFqdn: store.fqdn,
    SqlInstanceName: instanceName(store),
    FileShare: `${pool.topology.share}\\${MIRROR_FOLDER}`,
    DropExistingDatabasesOnMirror: true,
  });
  await waitForSynchronization(principal, database);
  for (const file of readdirSync(directory)) rmSync(join(directory, file));
}

function storeOf(
  { topology }: PlayedPool,
  database: string,
  host: PlayedHost,
): {
  readonly type: DatabaseType;
  readonly store: { readonly fqdn: string; readonly instance: string };
} {
  for (const { type, name, stores } of poolDatabases(topology))
    for (const store of [stores.primary, stores.backup])
      if (name === database && store?.instance === host.name) return { type, store };
  throw new Error(`${host.name} is no store of ${database} in pool ${topology.fqdn}.`);
}

/** SET PARTNER answers before the partners agree: the state is polled. */
async function waitForSynchronization(principal: PlayedHost, database: string): Promise<void> {
  const deadline = Date.now() + SYNCHRONIZED_WITHIN;
  for (;;) {
    const state = firstValue(
      await runBatches(
        principal.name,
        () => principal.open(),
        `SELECT mirroring_state_desc FROM sys.database_mirroring WHERE database_id = DB_ID(${text(database)});`,
      ),
    );
    if (state === "SYNCHRONIZED") return;
    if (Date.now() > deadline)
      throw new Error(
        `Mirroring of ${database} on ${principal.name} is ${typeof state === "string" ? state : "not there"} after ${String(SYNCHRONIZED_WITHIN / 1000)} s; expected SYNCHRONIZED.`,
      );
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
