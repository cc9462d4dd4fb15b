/** mgc on SQL-P1 and a seeded copy of it on SQL-B1, with Agents whose time runs fast, for rules of log shipping. */
import { COPY_FOLDER, type ResultRow, type Server, SHARE, until } from "../agent-estate";
import { ShippingEstate } from "../log-shipping-estate";
import { ADDRESS, ENDPOINT } from "./mirrored";
import { refuses, type Certainty, type ExpectedError, type Rule } from "./support";

/** A minute of the estate takes a second: names of log files, which tell the second, soon differ. */
const FACTOR = 60;

/** A rule without what it does. */
export interface Described {
  readonly number: string;
  readonly certainty: Certainty;
  readonly source: string;
  readonly title: string;
}

/** A rule on a pair of its own. @param factor how much faster than the machine's the estate's time runs */
export function onPair(rule: Described, check: (estate: ShippingEstate) => Promise<void>, factor = FACTOR): Rule {
  return {
    ...rule,
    run: async () => {
      const estate = new ShippingEstate(factor);
      try {
        await estate.seed();
        await check(estate);
      } finally {
        await estate.dispose();
      }
    },
  };
}

/** As `onPair`, with log shipping registered on both sides and the jobs enabled. */
export function onShipping(rule: Described, check: (estate: ShippingEstate) => Promise<void>, factor = FACTOR): Rule {
  return onPair(
    rule,
    async (estate) => {
      await estate.register();
      await check(estate);
    },
    factor,
  );
}

/** Expects these errors, in this order and no others, of a batch of the administrator or of another login. */
export async function refused(
  server: Server,
  batch: string,
  errors: readonly ExpectedError[],
  login = "DCI\\administrator",
): Promise<void> {
  const session = server.instance.openInternalSession(login, "test");
  try {
    await refuses(session, batch, errors);
  } finally {
    session.close();
  }
}

/** Messages of log_shipping_monitor_history_detail, the oldest first. */
export async function told(server: Server): Promise<readonly string[]> {
  const rows = await server.run("SELECT message FROM msdb.dbo.log_shipping_monitor_history_detail ORDER BY log_time");
  return rows.map((row) => String(row["message"]));
}

/** Messages of log_shipping_monitor_error_detail. */
export async function wrong(server: Server): Promise<readonly string[]> {
  const rows = await server.run(
    "SELECT message FROM msdb.dbo.log_shipping_monitor_error_detail ORDER BY session_id, sequence_number",
  );
  return rows.map((row) => String(row["message"]));
}

/** run_status of a run's rows in sysjobhistory: 0 failed, 1 succeeded. */
export function statuses(rows: readonly ResultRow[]): readonly unknown[] {
  return rows.map((row) => row["run_status"]);
}

/** mgc of the pair mirrored to SQL-P2 inside the site, before its log is shipped. Answers the mirror's server. */
export async function mirrorInside(estate: ShippingEstate): Promise<Server> {
  const { primary, secondary } = estate;
  const mirror = await estate.start("SQL-P2");
  for (const server of [primary, mirror]) await server.run(ENDPOINT);
  const log = `DISK = N'${SHARE}\\mirror.bak'`;
  await primary.run(`BACKUP LOG mgc TO ${log}`);
  await mirror.run(`RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\seed.bak' WITH NORECOVERY`);
  for (const server of [mirror, secondary]) await server.run(`RESTORE LOG mgc FROM ${log} WITH NORECOVERY`);
  await mirror.run(`ALTER DATABASE mgc SET PARTNER = '${ADDRESS.principal}'`);
  await primary.run(`ALTER DATABASE mgc SET PARTNER = '${ADDRESS.mirror}'`);
  await until(
    () => primary.run("SELECT mirroring_state_desc AS s FROM sys.database_mirroring WHERE mirroring_guid IS NOT NULL"),
    ([row]) => row?.["s"] === "SYNCHRONIZED",
  );
  return mirror;
}

export { COPY_FOLDER, SHARE };
