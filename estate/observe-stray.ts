/**
 * Readings of what is left over in msdb when one half of a log shipping registration is gone. Needs SELECT in msdb.
 * sqllogship names its registration by id in its command line ("sqllogship Application" of sql-docs); a job whose id is
 * not registered ends with 32016 at every run.
 */
import { z } from "zod";
import type { InstanceObservation } from "./observation-types";
import type { SqlServer } from "./sql/connection";
import { quoteString } from "./sql/quote";
import { flagColumn as flag, guidColumn as guid, textColumn as text } from "./sql/rows";

/** What {@link readStray} finds. */
export type StrayReading = Pick<InstanceObservation, "strayShippingJobs" | "strayMonitorRows">;

const STRAY_JOBS_SQL = `SELECT DISTINCT j.job_id AS jobId, j.name, j.enabled
FROM msdb.dbo.sysjobs AS j JOIN msdb.dbo.sysjobsteps AS s ON s.job_id = j.job_id
WHERE s.command LIKE N'%sqllogship%'
  AND NOT EXISTS (SELECT 1 FROM msdb.dbo.log_shipping_primary_databases AS p
    WHERE UPPER(s.command) LIKE N'%' + CONVERT(nvarchar(36), p.primary_id) + N'%')
  AND NOT EXISTS (SELECT 1 FROM msdb.dbo.log_shipping_secondary AS r
    WHERE UPPER(s.command) LIKE N'%' + CONVERT(nvarchar(36), r.secondary_id) + N'%');`;
const jobRow = z.object({ jobId: guid, name: text, enabled: flag });

// A monitor keeps rows of other servers too: those are not looked at.
const strayMonitorsSql = (database: string): string => `SELECT N'primary' AS part, m.primary_id AS id
FROM msdb.dbo.log_shipping_monitor_primary AS m
WHERE m.primary_database = ${database} AND m.primary_server = @@SERVERNAME
  AND NOT EXISTS (SELECT 1 FROM msdb.dbo.log_shipping_primary_databases AS p WHERE p.primary_id = m.primary_id)
UNION ALL
SELECT N'secondary' AS part, m.secondary_id AS id
FROM msdb.dbo.log_shipping_monitor_secondary AS m
WHERE m.secondary_database = ${database} AND m.secondary_server = @@SERVERNAME
  AND NOT EXISTS (SELECT 1 FROM msdb.dbo.log_shipping_secondary_databases AS d
    WHERE d.secondary_id = m.secondary_id AND d.secondary_database = m.secondary_database);`;
const monitorRow = z.object({ part: z.enum(["primary", "secondary"]), id: guid });

/** Jobs without a registration, and rows of the monitor about the database without one. Throws DrError. */
export async function readStray(server: SqlServer, database: string): Promise<StrayReading> {
  const [strayShippingJobs, strayMonitorRows] = await server.read(
    `${STRAY_JOBS_SQL}\n${strayMonitorsSql(quoteString(database))}`,
    [jobRow, monitorRow],
    { doing: "reading what log shipping left over in msdb" },
  );
  return { strayShippingJobs, strayMonitorRows };
}
