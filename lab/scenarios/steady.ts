/** Steady state: the primary site is active and mirrored inside itself, its logs are shipped to the backup site. */
import { CONTENT_DATABASE, COMPLIANCE_DATABASE, type PlayedEstate, type PlayedPool } from "./estate-played";
import { installComplianceDatabase, installDatabases } from "./databases";
import { shipLogs } from "./log-shipping";
import { mirrorDatabase } from "./mirroring";
import { fillContentDatabase } from "./rows";

/** Builds it on new machines; the store was made with pool state Normal and the primary site's servers active. */
export async function buildSteady(estate: PlayedEstate): Promise<void> {
  for (const pool of estate.pools) await buildPool(estate, pool);
}

async function buildPool(estate: PlayedEstate, pool: PlayedPool): Promise<void> {
  const { primary, mirror, backup } = pool;
  const { fqdn } = pool.topology;
  estate.say(`${fqdn}: installing and filling mgc and mgccomp on ${primary.name}`);
  await installDatabases(primary, pool, estate.chatLogin);
  const content = primary.database(CONTENT_DATABASE);
  if (content === undefined) throw new Error(`${primary.name} has no ${CONTENT_DATABASE} after it was created.`);
  await fillContentDatabase(primary, content, estate.databaseBytes);
  estate.say(`${fqdn}: mirroring ${primary.name} to ${mirror.name}`);
  await mirrorDatabase(pool, primary, mirror, CONTENT_DATABASE);
  await mirrorDatabase(pool, primary, mirror, COMPLIANCE_DATABASE);
  estate.say(`${fqdn}: shipping logs from ${primary.name} to ${backup.name}`);
  // The backup store of the topology: compliance rows are transient and not shipped.
  await installComplianceDatabase(backup, estate.chatLogin);
  await shipLogs(pool);
}
