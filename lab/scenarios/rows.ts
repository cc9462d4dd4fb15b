/** Rows of a pool that has been talking for a year: users, a category, rooms, messages. */
import { bulkLoad } from "../server/storage/bulk-load";
import type { NewRow } from "../server/storage/definitions";
import { ROOT_NODE } from "./databases";
import type { PoolTopology } from "../lync/topology";
import type { PlayedHost } from "./estate-played";
import { guidOf, text, ticksOf } from "./script-text";
import { runBatches } from "./sql-console";

const USERS = 40;
const CATEGORY_NODE = 2;
const FIRST_ROOM_NODE = 10;
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
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
  "the feeder tripped again restored after inspection please confirm load on line seven storage node is back queue " +
  "drained release moved to thursday crew on site ticket closed monitoring until noon reading stable voltage nominal " +
  "link flapped failover tested morning handover complete no open items waiting for vendor reply checked twice thanks"
).split(" ");

/** Room that is measured first; what a row takes in the file is known then. */
const FIRST_PART_BYTES = 2 ** 20;

/**
 * Fills mgc until its data file has at least `bytes`. The messages follow from a fixed seed: two labs of one size hold
 * the same text. They are bulk loaded (minimally logged), so a log backup must follow before mirroring (1475).
 * Throws ConsoleError.
 */
export async function fillContentDatabase(host: PlayedHost, pool: PoolTopology, bytes: number): Promise<void> {
  const { content } = pool.databases;
  const database = host.database(content);
  if (database === undefined) throw new Error(`${host.name} has no ${content} after it was created.`);
  const started = Date.now() - YEAR_MS;
  const run = (batch: string): Promise<unknown> => runBatches(host.name, () => host.open(content), batch);
  await run(users(started, pool.fqdn.slice(pool.fqdn.indexOf(".") + 1)));
  await run(nodes(started));
  const messages = new Messages(started);
  const size = (): number => database.openStore().file.bytes;
  let ratio = 1;
  for (let missing = bytes - size(); missing > 0; missing = bytes - size()) {
    const [sizeBefore, textBefore] = [size(), messages.bytes];
    const part = messages.bytes === 0 ? Math.min(missing, FIRST_PART_BYTES) : missing;
    await bulkLoad(database, "dbo", "tblChat", messages.take(part / ratio));
    ratio = Math.max(1, (size() - sizeBefore) / (messages.bytes - textBefore));
  }
  const last = [...messages.lastIds].map(([room, id]) => `(${String(room)}, ${String(id)})`);
  await run(`INSERT dbo.tblLastChatId (nodeID, lastChatID) VALUES ${last.join(", ")};
UPDATE dbo.tblSystemRevision SET sysRevision = sysRevision + ${String(ROOM_NAMES.length + 1)};`);
}

function users(added: number, domain: string): string {
  const at = String(ticksOf(added));
  const path = domain
    .split(".")
    .map((label) => `DC=${label}`)
    .join(",");
  const rows = Array.from({ length: USERS }, (_, index) => {
    const name = `user${String(index + 1).padStart(2, "0")}`;
    const address = text(`${name}@${domain}`);
    const values = [
      String(index + 1),
      `'${guidOf(`principal ${name}`)}'`,
      text(`sip:${name}@${domain}`),
      text(name),
      text(`User ${String(index + 1)}`),
      address,
      text(`CN=${name},OU=Users,${path}`),
      address,
    ];
    return `(${values.join(", ")}, 0, 5, 1, ${at}, 1, ${at}, GETDATE())`;
  });
  return `INSERT dbo.tblPrincipal (prinID, prinGuid, prinUri, prinName, prinDisplayName, prinEmail, prinADPath,
  prinADUserPrincipalName, prinDisabled, prinTypeID, prinAddedBy, prinAddedOn, prinUpdatedBy, prinUpdatedOn, prinVerifiedOn)
VALUES ${rows.join(",\n")};`;
}

function nodes(added: number): string {
  const at = String(ticksOf(added));
  const node = (id: number, parent: number, name: string, isCategory: boolean): string => {
    // Chat history and file posts are settings of a category; rooms inherit them.
    const settings = isCategory ? "1, 1, 1" : "NULL, NULL, NULL";
    const kind = `${isCategory ? "1" : "0"}, ${text(name)}, N'', ${settings}, 0, 4, 3`;
    return `(${String(id)}, '${guidOf(`node ${name}`)}', ${String(parent)}, ${kind}, 1, ${at}, 1, ${at})`;
  };
  const rows = [
    node(CATEGORY_NODE, ROOT_NODE, "Discovery", true),
    ...ROOM_NAMES.map((name, index) => node(FIRST_ROOM_NODE + index, CATEGORY_NODE, name, false)),
  ];
  return `INSERT dbo.tblNode (nodeID, nodeGuid, parentID, nodeType, nodeName, nodeDesc, invite, logged, filePost, disabled,
  behavior, visibility, nodeAddedBy, nodeAddedOn, nodeUpdatedBy, nodeUpdatedOn)
VALUES ${rows.join(",\n")};`;
}

/** Messages one after the other, rooms in turn by chance; ids per room from 1 without a gap. */
class Messages {
  readonly lastIds = new Map<number, bigint>();
  /** Bytes of text given so far. */
  bytes = 0;
  #random = 1;
  #time: number;

  constructor(started: number) {
    this.#time = started;
  }

  /** Rows for tblChat until their text has about so many bytes; one at least. */
  *take(bytes: number): Iterable<NewRow> {
    const end = this.bytes + bytes;
    do {
      const room = ROOMS[this.#below(ROOMS.length)] as number;
      const id = (this.lastIds.get(room) ?? 0n) + 1n;
      this.lastIds.set(room, id);
      this.#time += this.#below(60_000);
      const content = this.#sentence();
      const rtf = this.#below(4) === 0 ? `{\\rtf1\\ansi{\\fonttbl\\f0 Segoe UI;}\\f0\\pard ${content}\\par}` : null;
      this.bytes += content.length + (rtf?.length ?? 0);
      yield [room, id, ticksOf(this.#time), 1 + this.#below(USERS), 0, content, rtf];
    } while (this.bytes < end);
  }

  #sentence(): string {
    const words = Array.from({ length: 20 + this.#below(160) }, () => WORDS[this.#below(WORDS.length)] as string);
    return `${words.join(" ")}.`;
  }

  /** A whole number from 0 to `limit` - 1: linear congruence modulo 2^32 (Numerical Recipes), upper bits. */
  #below(limit: number): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * limit);
  }
}
