/** Mirroring of mgc and mgccomp inside a site, set up as a DBA does: "Prepare a mirror database for mirroring (SQL Server)". */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PlayedHost, PlayedPool } from "./estate-played";
import { text } from "./script-text";
import { firstValue, runBatches } from "./sql-console";

/** Folder of the share for the files that Install-CsMirrorDatabase writes; its content can be deleted afterwards. */
const MIRROR_FOLDER = "mirror";
/** Longest time until partners have found each other, in milliseconds. */
const SYNCHRONIZED_WITHIN = 60_000;
const POLL_MS = 20;

/** Mirrors a database of `principal` to `mirror`, where a RESTORING copy of it is overwritten. Throws ConsoleError. */
export async function mirrorDatabase(
  pool: PlayedPool,
  principal: PlayedHost,
  mirror: PlayedHost,
  database: string,
): Promise<void> {
  const directory = join(pool.shareDirectory, MIRROR_FOLDER);
  mkdirSync(directory, { recursive: true });
  const stem = `${pool.share}\\${MIRROR_FOLDER}\\${database}_${principal.name}`;
  const [full, log] = [text(`${stem}.bak`), text(`${stem}.trn`)];
  await runBatches(
    principal.name,
    () => principal.open(),
    `BACKUP DATABASE ${database} TO DISK = ${full} WITH FORMAT, INIT, CHECKSUM;`,
    `BACKUP LOG ${database} TO DISK = ${log} WITH FORMAT, INIT, CHECKSUM;`,
  );
  await runBatches(
    mirror.name,
    () => mirror.open(),
    `RESTORE DATABASE ${database} FROM DISK = ${full} WITH NORECOVERY, REPLACE;`,
    `RESTORE LOG ${database} FROM DISK = ${log} WITH NORECOVERY;`,
    // The mirror first: the principal's statement opens the session (1418 otherwise).
    `ALTER DATABASE ${database} SET PARTNER = ${text(principal.mirroringAddress)};`,
  );
  await runBatches(
    principal.name,
    () => principal.open(),
    `ALTER DATABASE ${database} SET PARTNER = ${text(mirror.mirroringAddress)};`,
  );
  await waitForSynchronization(principal, database);
  rmSync(directory, { recursive: true });
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
