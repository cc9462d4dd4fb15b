/** Reads what a copy of the chat database holds. */
import { z } from "zod";
import type { ContentFingerprint } from "./observation-types";
import type { SqlServer } from "./sql/connection";
import { quoteName } from "./sql/quote";
import {
  digitsColumn as digits,
  guidColumn as guid,
  momentColumn as moment,
  textColumn as text,
  wholeColumn as whole,
} from "./sql/rows";

/** Tables that running chat servers refresh by themselves: a difference there tells nothing. */
const REFRESHED_TABLES: ReadonlySet<string> = new Set(["tblserveridentity", "tblactivepeers"]);

/** Types that no checksum is taken of. */
const NOT_COMPARABLE: ReadonlySet<string> = new Set(["sql_variant", "geography", "geometry"]);
/** Texts that BINARY_CHECKSUM leaves out as a whole, and those of which it counts the beginning when they are of (max). */
const LARGE_TEXTS: ReadonlySet<string> = new Set(["text", "ntext", "xml"]);
const TEXTS: ReadonlySet<string> = new Set(["varchar", "nvarchar"]);
/** sys.columns.max_length of a (max). */
const MAX = -1;

const channelRow = z.object({
  channelId: whole,
  count: digits,
  minChatId: digits,
  maxChatId: digits,
  sumChatId: digits,
  sumBytes: digits,
});
const tableRow = z.object({ schemaName: text, tableName: text, rowCount: whole });
const revisionRow = z.object({ revision: digits });
const poolRow = z.object({ poolId: guid });
const countRow = z.object({ n: whole });
const pingRow = z.object({ serverAddress: text, lastPingTime: moment });
const columnRow = z.object({ schemaName: text, tableName: text, columnName: text, typeName: text, maxLength: whole });
const checksumRow = z.object({ checksum: digits.nullable() });
const channelChecksumRow = z.object({ channelId: whole, checksum: digits.nullable() });
const roomRow = z.object({ nodeId: whole, nodeName: text });

/** One row of tblServerIdentity as read once. */
export type Ping = z.output<typeof pingRow>;

// A sum of bigint overflows in a big room (8115), hence decimal(38,0); as text, since the driver makes a float of a decimal.
const channelsSql = (
  database: string,
): string => `SELECT c.channelId, COUNT_BIG(*) AS [count], MIN(c.chatId) AS minChatId,
  MAX(c.chatId) AS maxChatId, CONVERT(varchar(40), SUM(CONVERT(decimal(38, 0), c.chatId))) AS sumChatId,
  SUM(CONVERT(bigint, DATALENGTH(c.content))) AS sumBytes
FROM ${database}.dbo.tblChat AS c GROUP BY c.channelId ORDER BY c.channelId;`;
const tablesSql = (
  database: string,
): string => `SELECT s.name AS schemaName, t.name AS tableName, SUM(p.rows) AS [rowCount]
FROM ${database}.sys.tables AS t JOIN ${database}.sys.schemas AS s ON s.schema_id = t.schema_id
JOIN ${database}.sys.partitions AS p ON p.object_id = t.object_id AND p.index_id IN (0, 1)
GROUP BY s.name, t.name;`;
/** The chat servers' pings, as text: a time is only ever compared with the same server's own. */
export const pingsSql = (database: string): string =>
  "SELECT i.serverAddress, CONVERT(varchar(23), i.serverLastPingTime, 126) AS lastPingTime " +
  `FROM ${database}.dbo.tblServerIdentity AS i WHERE i.serverLastPingTime IS NOT NULL;`;

/** How deep a fingerprint goes: 1 counts and sums per room, 2 reads every column of every row. */
export type CompareLevel = 1 | 2;

/**
 * Reads the fingerprint of a database, level 1 as one batch. `serverLastPingTime` values are read once: `moved` is false for all
 * until `withMoves` has seen a second reading. Throws DrError; 927, 942, 916 and the like when the database cannot be read.
 */
export async function readContent(server: SqlServer, name: string, level: CompareLevel): Promise<ContentFingerprint> {
  const database = quoteName(name);
  const doing = `reading the content of ${name}`;
  // A full copy takes as long as its rooms are big: no limit of time.
  const [channels, tables, revisions, pools, lasts, pings] = await server.read(
    `${channelsSql(database)}
${tablesSql(database)}
SELECT r.sysRevision AS revision FROM ${database}.dbo.tblSystemRevision AS r;
SELECT DISTINCT c.configPoolID AS poolId FROM ${database}.dbo.tblConfig AS c;
SELECT COUNT(*) AS n FROM ${database}.dbo.tblLastChatId AS l WHERE l.lastChatID > 0;
${pingsSql(database)}`,
    [channelRow, tableRow, revisionRow, poolRow, countRow, pingRow],
    { doing, timeout: 0 },
  );
  const compared = tables.filter((table) => !REFRESHED_TABLES.has(table.tableName.toLowerCase()));
  const tableRows = Object.fromEntries(
    compared.map((table) => [`${table.schemaName}.${table.tableName}`, table.rowCount]),
  );
  const full = level === 2 ? await readChecksums(server, database, doing) : undefined;
  return {
    level,
    channels: channels.map((channel) => ({ ...channel, checksum: full?.channels.get(channel.channelId) ?? null })),
    tableRows,
    tableChecksums: full?.tables ?? null,
    systemRevision: revisions[0]?.revision ?? null,
    configPoolId: pools.length === 1 ? (pools[0]?.poolId ?? null) : null,
    lastChatIds: lasts[0]?.n ?? 0,
    nodes: tableRows["dbo.tblNode"] ?? 0,
    pings: pings.map((ping) => ({ ...ping, moved: false })),
  };
}

/** Reads the chat servers' pings alone. Throws DrError. */
export async function readPings(server: SqlServer, name: string): Promise<Ping[]> {
  const [pings] = await server.read(pingsSql(quoteName(name)), [pingRow], { doing: `reading the pings in ${name}` });
  return pings;
}

/** The fingerprint with `moved` set for every chat server whose ping time a later reading shows changed. */
export function withMoves(content: ContentFingerprint, later: readonly Ping[]): ContentFingerprint {
  const before = new Map(content.pings.map((ping) => [ping.serverAddress, ping.lastPingTime]));
  const pings = later.map((ping) => ({ ...ping, moved: before.get(ping.serverAddress) !== ping.lastPingTime }));
  return { ...content, pings };
}

/**
 * Every byte of a text for BINARY_CHECKSUM, which takes any length of varbinary(max), but 255 characters of nvarchar(max) and
 * nothing of text, ntext, image and xml (its page).
 */
export function bytesOf(text: string): string {
  return `CONVERT(varbinary(max), CONVERT(nvarchar(max), ${text}))`;
}

function countedWhole(column: string, typeName: string, maxLength: number): string {
  if (LARGE_TEXTS.has(typeName) || (TEXTS.has(typeName) && maxLength === MAX)) return bytesOf(column);
  return typeName === "image" ? `CONVERT(varbinary(max), ${column})` : column;
}

async function readChecksums(
  server: SqlServer,
  database: string,
  doing: string,
): Promise<{ channels: Map<number, string>; tables: { [table: string]: string } }> {
  const [columns] = await server.read(
    `SELECT s.name AS schemaName, t.name AS tableName, c.name AS columnName, y.name AS typeName, c.max_length AS maxLength
FROM ${database}.sys.tables AS t JOIN ${database}.sys.schemas AS s ON s.schema_id = t.schema_id
JOIN ${database}.sys.columns AS c ON c.object_id = t.object_id JOIN ${database}.sys.types AS y ON y.user_type_id = c.system_type_id
ORDER BY s.name, t.name, c.column_id;`,
    [columnRow],
    { doing },
  );
  const byTable = new Map<string, { schema: string; table: string; columns: string[] }>();
  for (const { schemaName, tableName, columnName, typeName, maxLength } of columns) {
    if (REFRESHED_TABLES.has(tableName.toLowerCase()) || NOT_COMPARABLE.has(typeName)) continue;
    const key = `${schemaName}.${tableName}`;
    const entry = byTable.get(key) ?? { schema: schemaName, table: tableName, columns: [] };
    entry.columns.push(countedWhole(quoteName(columnName), typeName, maxLength));
    byTable.set(key, entry);
  }
  const tables: { [table: string]: string } = {};
  const channels = new Map<number, string>();
  for (const [key, entry] of byTable) {
    const from = `${database}.${quoteName(entry.schema)}.${quoteName(entry.table)}`;
    const sum = `CHECKSUM_AGG(BINARY_CHECKSUM(${entry.columns.join(", ")}))`;
    const [[total]] = await server.read(`SELECT ${sum} AS checksum FROM ${from};`, [checksumRow], {
      doing,
      timeout: 0,
    });
    tables[key] = total?.checksum ?? "0";
    if (entry.table.toLowerCase() !== "tblchat") continue;
    const perChannel = `SELECT channelId, ${sum} AS checksum FROM ${from} GROUP BY channelId;`;
    const [rows] = await server.read(perChannel, [channelChecksumRow], { doing, timeout: 0 });
    for (const row of rows) channels.set(row.channelId, row.checksum ?? "0");
  }
  return { channels, tables };
}

/** Names of rooms by node id (tblNode), for at most 100 ids. Throws DrError. */
export async function roomNames(
  server: SqlServer,
  name: string,
  ids: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  if (ids.length === 0) return new Map();
  const list = ids
    .slice(0, 100)
    .map((id) => String(Math.trunc(id)))
    .join(", ");
  const [rows] = await server.read(
    `SELECT n.nodeID AS nodeId, n.nodeName FROM ${quoteName(name)}.dbo.tblNode AS n WHERE n.nodeID IN (${list});`,
    [roomRow],
    { doing: `reading the names of rooms in ${name}` },
  );
  return new Map(rows.map((row) => [row.nodeId, row.nodeName]));
}
