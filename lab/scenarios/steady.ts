/** Steady state: the primary site is active and mirrored inside itself, its logs are shipped to the backup site. */
import { databasesOf, type PlayedEstate, type PlayedPool } from "./estate-played";
import { installDatabase } from "./databases";
import { shipLogs } from "./log-shipping";
import { mirrorDatabase } from "./mirroring";
import { fillContentDatabase } from "./rows";

/** Builds it on new machines; the store was made with pool state Normal and the primary site's servers active. */
export async function buildSteady(estate: PlayedEstate): Promise<void> {
  for (const pool of estate.pools) await buildPool(estate, pool);
}

async function buildPool(estate: PlayedEstate, pool: PlayedPool): Promise<void> {
  const { fqdn } = pool.topology;
  const { primary, backup } = pool.content;
  estate.say(`${fqdn}: installing and filling its databases on ${primary.name}`);
  for (const database of databasesOf(pool)) {
    await installDatabase(database, database.stores.primary, pool.topology, estate.chatLogin);
    // Compliance rows are transient and not shipped: the backup site has a database of its own.
    if (database.type === "PersistentChatCompliance")
      await installDatabase(database, database.stores.backup, pool.topology, estate.chatLogin);
  }
  await fillContentDatabase(primary, pool.topology, estate.databaseBytes);
  for (const { name, stores } of databasesOf(pool)) {
    if (stores.mirror === undefined) continue;
    estate.say(`${fqdn}: mirroring ${name} of ${stores.primary.name} to ${stores.mirror.name}`);
    await mirrorDatabase(estate, pool, name, stores.primary);
  }
  estate.say(`${fqdn}: shipping logs from ${primary.name} to ${backup.name}`);
  await shipLogs(pool);
}
