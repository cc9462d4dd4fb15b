/** Rows of a pool that has been talking for a year: categories, rooms, users, messages. */
import { statSync } from "node:fs";
import type { Database } from "../server/database";
import { bulkLoad } from "../server/storage/bulk-load";
import type { NewRow } from "../server/storage/definitions";
import type { SqlValue } from "../tsql/values";
import { ROOT_NODE } from "./databases";
import { CONTENT_DATABASE, type PlayedHost } from "./estate-played";
import { guidOf, ticksOf } from "./script-text";
import { runBatches } from "./sql-console";

const PAGE_BYTES = 8192;
const USERS = 40;
const CATEGORY_NODE = 2;
const FIRST_ROOM_NODE = 10;
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
/** Tells chat rooms from categories: tblNode.nodeType is 1 for a category. */
const ROOM_NAMES = [
  "Operations",
  "Incident bridge",
  "Trading floor",
  "Network",
  "Storage",
  "Service desk",
  "Release train",
  "Weather watch",
  "Field crews",
  "Control room",
  "Market news",
  "Lunch",
] as const;

/** Node ids of the rooms. */
export const ROOMS: readonly number[] = ROOM_NAMES.map((_, index) => FIRST_ROOM_NODE + index);

const WORDS = (
  "the feeder tripped again restored after inspection please confirm load on line seven storage node is back queue drained " +
  "release moved to thursday crew on site ticket closed monitoring until noon reading stable voltage nominal link flapped " +
  "failover tested morning handover complete no open items waiting for vendor reply checked twice looks good thanks"
).split(" ");

/**
 * Fills mgc until its data file has `bytes` (8 KiB exact, never less). The text follows from a fixed seed: two labs of one
 * size hold the same messages. Bulk loaded: minimally logged, so a log backup has to follow before mirroring (1475).
 */
export async function fillContentDatabase(host: PlayedHost, database: Database, bytes: number): Promise<void> {
  const started = Date.now() - YEAR_MS;
  await bulkLoad(database, "dbo", "tblPrincipal", users(started));
  await bulkLoad(database, "dbo", "tblNode", nodes(started));
  const messages = new Messages(started);
  // A file grows by its content and the key's index: measured after a first part, then aimed at.
  let loaded = 0;
  let growth = 1.2;
  for (let missing = bytes - sizeOf(database); missing > 0; missing = bytes - sizeOf(database)) {
    const before = sizeOf(database);
    const wanted = loaded === 0 ? Math.min(missing, 2 ** 20) : missing;
    await bulkLoad(database, "dbo", "tblChat", messages.take(Math.max(wanted / growth, PAGE_BYTES)));
    growth = Math.max(1, (sizeOf(database) - before) / (messages.bytes - loaded));
    loaded = messages.bytes;
  }
  const last = [...messages.lastIds].map(([room, id]) => `(${String(room)}, ${String(id)})`).join(", ");
  await runBatches(
    host.name,
    () => host.open(CONTENT_DATABASE),
    `INSERT dbo.tblLastChatId (nodeID, lastChatID) VALUES ${last};
UPDATE dbo.tblSystemRevision SET sysRevision = sysRevision + ${String(ROOM_NAMES.length + 1)};`,
  );
}

function sizeOf(database: Database): number {
  return statSync(database.dataPath()).size;
}

function* users(added: number): Iterable<NewRow> {
  for (let id = 1; id <= USERS; id += 1) {
    const name = `user${String(id).padStart(2, "0")}`;
    const address = `${name}@dci.discovery.com`;
    const at = ticksOf(added);
    yield [
      id,
      guidOf(`principal ${name}`),
      `sip:${address}`,
      name,
      `User ${String(id)}`,
      null,
      address,
      `CN=${name},OU=Users,DC=dci,DC=discovery,DC=com`,
      address,
      0,
      5,
      1,
      null,
      1,
      at,
      1,
      at,
      undefined,
    ].with(17, calendarOf(added)) as NewRow;
  }
}
