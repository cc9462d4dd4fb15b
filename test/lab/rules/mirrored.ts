/** mgc mirrored between two instances, for rules that begin there. */
import assert from "node:assert/strict";
import { chatDatabase, DEFAULT_SERVER, type RuleEstate, SHARE } from "./support";

/** The mirror's instance; the principal is the default one. */
export const MIRROR = "SQL-P2";

/** Two instances with mgc in one mirroring session. */
export interface Pair {
  readonly principal: string;
  readonly mirror: string;
}

const PAIR: Pair = { principal: DEFAULT_SERVER, mirror: MIRROR };

/** Address of an instance's endpoint. */
export function addressOf(server: string): string {
  return `TCP://${server.toLowerCase()}.dci.discovery.com:5022`;
}

export const ADDRESS = { principal: addressOf(PAIR.principal), mirror: addressOf(PAIR.mirror) } as const;

/** Backups from which the mirror's copy is made. */
export const COPY = { full: `${SHARE}\\mirror.bak`, log: `${SHARE}\\mirror.trn` } as const;

/** The endpoint that every instance of the rules has. */
export const ENDPOINT =
  "CREATE ENDPOINT Mirroring STATE = STARTED AS TCP (LISTENER_PORT = 5022) FOR DATABASE_MIRRORING (ROLE = PARTNER)";

/** Endpoints, the copy RESTORING on the mirror's instance, and (unless `told` is false) its SET PARTNER. */
export async function prepared(
  estate: RuleEstate,
  { told = true, pair: { principal, mirror } = PAIR }: { readonly told?: boolean; readonly pair?: Pair } = {},
): Promise<void> {
  for (const batch of [ENDPOINT, ...chatDatabase]) await estate.run(batch, principal);
  await estate.run(`BACKUP DATABASE mgc TO DISK = N'${COPY.full}'; BACKUP LOG mgc TO DISK = N'${COPY.log}'`, principal);
  await estate.run(ENDPOINT, mirror);
  await estate.run(
    `RESTORE DATABASE mgc FROM DISK = N'${COPY.full}' WITH NORECOVERY;
     RESTORE LOG mgc FROM DISK = N'${COPY.log}' WITH NORECOVERY`,
    mirror,
  );
  if (told) await estate.run(`ALTER DATABASE mgc SET PARTNER = '${addressOf(principal)}'`, mirror);
}

/** mgc synchronized, with the default instance as principal unless another pair is given. */
export async function mirrored(estate: RuleEstate, pair = PAIR): Promise<void> {
  await prepared(estate, { pair });
  await estate.run(`ALTER DATABASE mgc SET PARTNER = '${addressOf(pair.mirror)}'`, pair.principal);
  await until(() => roleAndState(estate, pair.principal), "SYNCHRONIZED");
}

/** Role and state of mgc in sys.database_mirroring; both null when it is not mirrored. */
export async function roleAndState(estate: RuleEstate, on = DEFAULT_SERVER): Promise<readonly (string | null)[]> {
  const [row] = await estate.rows(
    "SELECT mirroring_role_desc, mirroring_state_desc FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc')",
    on,
  );
  return Object.values(row ?? {});
}

/** Asks until the answer has a value; fails after 10 s. */
export async function until(ask: () => Promise<readonly (string | null)[]>, wanted: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (answer.includes(wanted)) return;
    assert.ok(Date.now() < deadline, `expected ${wanted} within 10 s; last answer: ${JSON.stringify(answer)}`);
    await new Promise(setImmediate);
  }
}
