/** An instance's section of an observation: a first batch, then the rest side by side. */
import { z } from "zod";
import { readPings, withMoves } from "./compare";
import type { PoolConfiguration } from "./configuration";
import { joinWindowsPath } from "./configuration-forms";
import { contentKey, contentOnce } from "./content-cache";
import { DrError } from "./errors";
import type {
  ChatUser,
  ContentFingerprint,
  DatabaseObservation,
  FolderListing,
  InstanceObservation,
  InstanceRole,
} from "./observation-types";
import { readHistory, readLogShipping } from "./observe-history";
import { readJobs } from "./observe-jobs";
import { readChatUsers, readLoginSids } from "./observe-logins";
import {
  hasServiceViews,
  readServer,
  readServerState,
  readServices,
  readSessions,
  type ServerReading,
  type ServerState,
} from "./observe-server";
import { readStray } from "./observe-stray";
import type { SqlServer } from "./sql/connection";
import {
  DATABASE_DOES_NOT_EXIST,
  DATABASE_IN_RESTORE,
  DATABASE_IN_TRANSITION,
  DATABASE_IS_MIRROR,
  DATABASE_LACKS_QUORUM,
  DATABASE_NOT_RECOVERED,
  DATABASE_OFFLINE,
  DATABASE_RECOVERING,
  DATABASE_SINGLE_USER_TAKEN,
  INVALID_OBJECT_NAME,
  NO_ACCESS_TO_DATABASE,
} from "./sql/error-numbers";
import { quoteName, quoteString } from "./sql/quote";
import { textColumn as text, wholeColumn as whole } from "./sql/rows";

/** Why a database cannot be read although the instance answers: an observation says `null` then. */
const NOT_READABLE: ReadonlySet<number> = new Set([
  INVALID_OBJECT_NAME,
  DATABASE_DOES_NOT_EXIST,
  NO_ACCESS_TO_DATABASE,
  DATABASE_NOT_RECOVERED,
  DATABASE_RECOVERING,
  DATABASE_SINGLE_USER_TAKEN,
  DATABASE_IN_RESTORE,
  DATABASE_OFFLINE,
  DATABASE_IN_TRANSITION,
  DATABASE_IS_MIRROR,
  DATABASE_LACKS_QUORUM,
]);

/** Rights without which a reading would leave out rows in silence, and absence must never be read as "nothing there". */
const NEEDED_RIGHTS = ["VIEW SERVER STATE", "VIEW ANY DEFINITION", "VIEW ANY DATABASE"] as const;

const countRow = z.object({ n: whole });
const featureRow = z.object({ feature: text });
const treeRow = z.object({ subdirectory: text, depth: whole, file: whole });

/**
 * Reads one instance. Nothing is changed; reading sys.database_recovery_status may start a database that AUTO_CLOSE has closed.
 * Throws DrError when the instance does not answer or the login lacks a right.
 */
export async function readInstance(
  server: SqlServer,
  pool: PoolConfiguration,
  role: InstanceRole,
): Promise<InstanceObservation> {
  const { chat, compliance } = pool.databases;
  const names = compliance === false ? [chat] : [chat, compliance];
  const first = await readServer(server, names);
  assertRights(server, first);
  const jobsAndShipping = readJobs(server, chat).then(async ({ jobs, foreignLogBackupJobs, logBackupJob }) => ({
    ...(await readLogShipping(server, chat, jobs)),
    foreignLogBackupJobs,
    logBackupJob,
  }));
  const reachable = isReadable(first, chat);
  // The log's counter first: content that was scanned under it is known by it.
  const stateAndContent = readServerState(server, chat).then(async (state) => ({
    state,
    ...(reachable ? await readInside(server, first, chat, state) : { content: null, features: null, users: null }),
  }));
  const [sessions, inside, loginSids, services, history, complianceHistory, shipping, stray, complianceRows, folders] =
    await Promise.all([
      readSessions(server, names),
      stateAndContent,
      readLoginSids(server),
      hasServiceViews(first.server.productVersion)
        ? readServices(server)
        : { services: { engine: null, agent: null }, volumes: [] },
      readHistory(server, chat),
      compliance === false ? undefined : readHistory(server, compliance),
      jobsAndShipping,
      readStray(server, chat),
      compliance !== false && isReadable(first, compliance) ? orNull(readComplianceRows(server, compliance)) : null,
      first.server.isSysadmin ? readFolders(server, foldersOf(pool, role), chat) : [],
    ]);
  const { content, features, users } = inside;
  const { startTime, locks, logWrites, logSpace } = inside.state;
  return {
    server: { ...first.server, startTime },
    services: services.services,
    databases: first.databases,
    files: first.files,
    volumes: services.volumes,
    restoreHistory: [...history.restoreHistory, ...(complianceHistory?.restoreHistory ?? [])],
    backupSets: [...history.backupSets, ...(complianceHistory?.backupSets ?? [])],
    suspectPages: history.suspectPages,
    sessions,
    ...shipping,
    ...stray,
    content: await seenAgain(server, chat, content),
    complianceRows,
    locks,
    logWrites,
    logSpace,
    editionFeatures: features ?? [],
    chatUsers: users,
    loginSids,
    folders,
  };
}

// A database in SINGLE_USER (a restore that was cut before its first byte) has one slot: two readings of ours would
// refuse each other (924).
async function readInside(
  server: SqlServer,
  first: ServerReading,
  name: string,
  { logWrites }: ServerState,
): Promise<{ content: ContentFingerprint | null; features: string[] | null; users: ChatUser[] | null }> {
  const database = databaseNamed(first, name);
  const key = database === undefined ? null : contentKey(database, logWrites);
  const content = (): Promise<ContentFingerprint | null> => orNull(contentOnce(server, name, 1, key));
  const features = (): Promise<string[] | null> => orNull(readFeatures(server, name));
  const users = (): Promise<ChatUser[] | null> => orNull(readChatUsers(server, name));
  if (database?.userAccess === "SINGLE_USER")
    return { content: await content(), features: await features(), users: await users() };
  const [read, persisted, found] = await Promise.all([content(), features(), users()]);
  return { content: read, features: persisted, users: found };
}

function assertRights(server: SqlServer, first: ServerReading): void {
  const { isSysadmin, permissions, login } = first.server;
  const held = new Set(permissions);
  const missing = isSysadmin || held.has("CONTROL SERVER") ? [] : NEEDED_RIGHTS.filter((right) => !held.has(right));
  if (missing.length === 0) return;
  throw new DrError({
    code: "PERMISSION_DENIED",
    summary: `the login "${login}" may not read what an observation needs`,
    where: server.place,
    expected: NEEDED_RIGHTS.join(", "),
    found: `no ${missing.join(", no ")}`,
    hint: missing.map((right) => `GRANT ${right} TO ${quoteName(login)};`).join(" "),
  });
}

function isReadable(first: ServerReading, name: string): boolean {
  return databaseNamed(first, name)?.state === "ONLINE";
}

function databaseNamed(first: ServerReading, name: string): DatabaseObservation | undefined {
  return first.databases.find((row) => row.name.toLowerCase() === name.toLowerCase());
}

/** The reading, or null when the database went out of reach (927, 942 …) or was never within (916). */
async function orNull<Value>(reading: Promise<Value>): Promise<Value | null> {
  try {
    return await reading;
  } catch (thrown) {
    if (thrown instanceof DrError && thrown.number !== undefined && NOT_READABLE.has(thrown.number)) return null;
    throw thrown;
  }
}

async function seenAgain(
  server: SqlServer,
  database: string,
  content: ContentFingerprint | null,
): Promise<ContentFingerprint | null> {
  if (content === null || content.pings.length === 0) return content;
  const later = await orNull(readPings(server, database));
  return later === null ? content : withMoves(content, later);
}

async function readFeatures(server: SqlServer, database: string): Promise<string[]> {
  const [rows] = await server.read(
    `SELECT f.feature_name AS feature FROM ${quoteName(database)}.sys.dm_db_persisted_sku_features AS f;`,
    [featureRow],
    { doing: `reading the edition's features in ${database}` },
  );
  return rows.map((row) => row.feature);
}

async function readComplianceRows(server: SqlServer, database: string): Promise<number> {
  const [rows] = await server.read(
    `SELECT COUNT_BIG(*) AS n FROM ${quoteName(database)}.dbo.tblComplianceData AS c;`,
    [countRow],
    { doing: `reading ${database}` },
  );
  return rows[0]?.n ?? 0;
}

function foldersOf(pool: PoolConfiguration, role: InstanceRole): string[] {
  const { share, backupDirectory, copyFolder } = pool.logShipping;
  const own = role === "primary" || role === "primaryMirror" ? [backupDirectory ?? share] : [share, copyFolder];
  return [...new Set([...own, joinWindowsPath(share, pool.backupSet.folder)])];
}

/**
 * Log files of the database in the folders. xp_dirtree (undocumented, sysadmin) is the only way on these versions to list as the
 * engine's account without xp_cmdshell; where an instance does not have it, the folder is left out rather than shown as empty.
 */
async function readFolders(server: SqlServer, folders: readonly string[], database: string): Promise<FolderListing[]> {
  const prefix = `${database.toLowerCase()}_`;
  const listings = await Promise.all(
    folders.map(async (path): Promise<FolderListing[]> => {
      try {
        const [rows] = await server.read(`EXEC master.dbo.xp_dirtree ${quoteString(path)}, 1, 1;`, [treeRow], {
          doing: `listing ${path}`,
        });
        const names = rows.filter((row) => row.file === 1).map((row) => row.subdirectory);
        const logs = names.filter((name) => name.toLowerCase().startsWith(prefix) && /\.(trn|wrk)$/i.test(name));
        return [{ path, files: logs.sort() }];
      } catch (thrown) {
        if (thrown instanceof DrError && (thrown.code === "SQL_ERROR" || thrown.code === "PERMISSION_DENIED"))
          return [];
        throw thrown;
      }
    }),
  );
  return listings.flat();
}
