/** Steady state: the primary site is active and mirrored inside itself, its logs are shipped to the backup site. */
import { CONTENT_DATABASE, databasesOf, type PlayedEstate, type PlayedPool } from "./estate-played";
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
  estate.say(`${fqdn}: installing and filling mgc on ${primary.name}`);
  for (const [name, stores] of databasesOf(pool)) {
    await installDatabase(name, stores.primary, pool.topology, estate.chatLogin);
    // Compliance rows are transient and not shipped: the backup site has a database of its own.
    if (name !== CONTENT_DATABASE) await installDatabase(name, stores.backup, pool.topology, estate.chatLogin);
  }
  const content = primary.database(CONTENT_DATABASE);
  if (content === undefined) throw new Error(`${primary.name} has no ${CONTENT_DATABASE} after it was created.`);
  await fillContentDatabase(primary, content, estate.databaseBytes);
  for (const [name, { primary: principal, mirror }] of databasesOf(pool)) {
    if (mirror === undefined) continue;
    estate.say(`${fqdn}: mirroring ${name} of ${principal.name} to ${mirror.name}`);
    await mirrorDatabase(estate, pool, name, principal);
  }
  estate.say(`${fqdn}: shipping logs from ${primary.name} to ${backup.name}`);
  await shipLogs(pool);
}
