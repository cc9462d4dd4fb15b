/**
 * The schema of the project's configuration (Pulumi namespace `persistent-chat-dr`), as zod objects.
 *
 * Every message is the expected form in words, because `configuration.ts` puts it behind "expected". A strict object's
 * message is the list of its keys, from which the nearest key to a misspelt one is found.
 */
import { z } from "zod";
import type { DrErrorCode } from "./errors";
import {
  isDrivePath,
  isEndpointAddress,
  isFqdn,
  isGuid,
  isHost,
  isRelativeFolder,
  isSipAddress,
  isUncPath,
  normaliseGuid,
  trimTrailingBackslash,
} from "./configuration-forms";

/** A strict object: unknown keys are refused, and the message lists the known ones. */
function section<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? Object.keys(shape).join(", ") : "an object"),
  });
}

function text(expected: string, holds: (value: string) => boolean = () => true) {
  return z.string({ error: expected }).refine((value) => value.length > 0 && holds(value), { error: expected });
}

function whole(from: number, to: number, what: string) {
  const expected = `a whole number of ${what} from ${from} to ${to}`;
  return z.int({ error: expected }).min(from, { error: expected }).max(to, { error: expected });
}

function flag() {
  return z.boolean({ error: "true or false" });
}

function oneOf<const Values extends readonly [string, ...string[]]>(...values: Values) {
  return z.enum(values, { error: values.map((value) => `"${value}"`).join(" or ") });
}

const fqdn = text("a fully qualified domain name such as chat-p1.contoso.com", isFqdn).transform((name) =>
  name.toLowerCase(),
);
const guid = text("a GUID such as 6F9619FF-8B86-D011-B42D-00C04FC964FF", isGuid).transform(normaliseGuid);
const systemName = (what: string) =>
  text(`${what}, at most 128 characters, without line breaks`, (name) => name.length <= 128 && !/[\r\n]/.test(name));
const uncPath = text(String.raw`a UNC path such as \\files.contoso.com\logs`, (path) =>
  isUncPath(trimTrailingBackslash(path)),
).transform(trimTrailingBackslash);
const windowsPath = text(
  String.raw`a Windows path such as D:\LSCopy or \\files.contoso.com\copy`,
  (path) => isDrivePath(trimTrailingBackslash(path)) || isUncPath(trimTrailingBackslash(path)),
).transform(trimTrailingBackslash);

const sipAddress = text("a SIP address such as sip:test1@contoso.com", isSipAddress);

/** One SQL Server instance: how it names itself and where it is reached. Port 1433 unless port or instance is given. */
export const instanceSchema = section({
  /** @@SERVERNAME, which log shipping registers; not a DNS alias. */
  server: text(
    String.raw`the instance's @@SERVERNAME, such as SQL-P1 or SQL-P1\RTC`,
    (name) => name.length <= 128 && /^[^\s\\]+(?:\\[^\s\\]+)?$/.test(name),
  ),
  host: text("a host name or an IP address", isHost),
  port: whole(1, 65535, "port").optional(),
  instance: text("an instance name of at most 16 characters", (name) =>
    /^[A-Za-z_#$][\w#$]{0,15}$/.test(name),
  ).optional(),
  /** Address of its mirroring endpoint; made of the topology's name of the store and the endpoint's port unless given. */
  mirroringAddress: text("an address such as TCP://sql-p1.contoso.com:5022", isEndpointAddress).optional(),
});

const activeServerSchema = z.union(
  [
    fqdn.transform((name) => ({ fqdn: name, dataCentre: undefined as string | undefined })),
    section({ fqdn, dataCentre: text("the name of a data centre") }),
  ],
  { error: "a fully qualified domain name, or { fqdn, dataCentre }" },
);

/** One site of a pool: its data centre, its pair of instances and the chat servers that are active there. */
export const siteSchema = section({
  dataCentre: text("the name of a data centre"),
  principal: instanceSchema,
  mirror: instanceSchema.optional(),
  activeServers: z
    .array(activeServerSchema, { error: "a list of 1 to 4 fully qualified domain names" })
    .min(1, { error: "a list of 1 to 4 fully qualified domain names" })
    .max(4, { error: "a list of 1 to 4 fully qualified domain names (a pool has at most four active servers)" }),
  /** Front End pool of the site, which Test-CsPersistentChatMessage signs its test users in at. */
  registrar: fqdn.optional(),
  /** Other data centres with a link of low latency and high bandwidth to this one. */
  linkedDataCentres: z.array(text("the name of a data centre"), { error: "a list of data centres" }).prefault([]),
});

const seconds = (from: number, usual: number) => whole(from, 86400, "seconds").prefault(usual);
const minutes = (from: number) => whole(from, 525600, "minutes");

/** Log shipping from the primary to the backup; the numbers are those of Microsoft's own scripts. */
export const logShippingSchema = section({
  share: uncPath,
  /** The same folder as the primary's engine names it; the share itself unless given. */
  backupDirectory: windowsPath.optional(),
  /** Where the backup's Agent copies to, as the backup's host sees it. */
  copyFolder: windowsPath,
  retentionMinutes: minutes(1).prefault(4320),
  backupThresholdMinutes: minutes(1).prefault(60),
  restoreThresholdMinutes: minutes(1).prefault(45),
  historyMinutes: minutes(1).prefault(5760),
  restoreDelayMinutes: minutes(0).prefault(0),
  /** 0 off, 1 on, 2 the server's default. */
  compression: whole(0, 2, "compression (0 off, 1 on, 2 server default)").prefault(2),
  scheduleMinutes: section({
    backup: whole(1, 1439, "minutes").prefault(15),
    copy: whole(1, 1439, "minutes").prefault(15),
    restore: whole(1, 1439, "minutes").prefault(15),
  }).prefault({}),
  /** Names of the jobs; by default LSBackup_<database>, LSCopy_<primary>_<database>, LSRestore_<primary>_<database>. */
  jobs: section({
    backup: systemName("a job name").optional(),
    copy: systemName("a job name").optional(),
    restore: systemName("a job name").optional(),
  }).prefault({}),
});

/** Mirroring inside a site that names a mirror, made again after the chat has come home. */
export const mirroringSchema = section({
  chat: flag().prefault(true),
  compliance: flag().prefault(true),
  /** Who sets it up: the product's cmdlet, or T-SQL of our own. */
  by: oneOf("Install-CsMirrorDatabase", "ALTER DATABASE").prefault("Install-CsMirrorDatabase"),
  /** Folder for the backups that the mirror is made from; `mirror` below log shipping's share unless given. */
  share: uncPath.optional(),
  /** RESTORING copies on a mirror that hold nothing which the principal lacks may be dropped or overwritten. */
  dropLeftovers: flag().prefault(false),
  /** The primary's half of log shipping on its mirror too; registering it there takes two failovers inside the site. */
  logShipping: flag().prefault(false),
});

/** What decides that the chat is back. */
export const healthSchema = section({
  /** Test-CsPersistentChatMessage, or fresh pings; `message` where the active site names a registrar. */
  check: oneOf("message", "pings").optional(),
  /** Test users; those of the registrar's New-CsHealthMonitoringConfiguration unless given. */
  senderSipAddress: sipAddress.optional(),
  receiverSipAddress: sipAddress.optional(),
  chatRoomUri: text("the URI of a chat room").optional(),
  timeoutSeconds: seconds(1, 300),
});

/** Codes of a reading that fails although something answers; UNREACHABLE is none of them, nobody answers there. */
const readingFailures = [
  "LOGIN_FAILED",
  "ENCRYPTION_DECLINED",
  "ENCRYPTION_FAILED",
  "CERTIFICATE_REFUSED",
  "CONNECTION_LOST",
  "PERMISSION_DENIED",
  "SQL_ERROR",
  "UNEXPECTED_ANSWER",
  "TIMEOUT",
] as const satisfies readonly DrErrorCode[];

/** A pool of Persistent Chat: what its estate is. */
export const poolSchema = section({
  name: text("a short name of lower-case letters, digits and hyphens, at most 32 characters, such as pool1", (name) =>
    /^[a-z][a-z0-9-]{0,31}$/.test(name),
  ),
  fqdn,
  /** Identity of the service in the topology; read from the estate unless given. */
  identity: systemName("an identity such as PersistentChatServer:lyncpc.contoso.com").optional(),
  primary: siteSchema,
  backup: siteSchema,
  databases: section({
    chat: systemName("a database name").prefault("mgc"),
    compliance: z
      .union([systemName("a database name"), z.literal(false)], { error: "a database name, or false" })
      .prefault("mgccomp"),
  }).prefault({}),
  logShipping: logShippingSchema,
  backupSet: section({
    folder: text("the name of a folder below the share, such as failback", isRelativeFolder).prefault("failback"),
    name: systemName("a name for the backup set").optional(),
    description: text("a description of at most 255 characters", (words) => words.length <= 255).optional(),
    compression: oneOf("default", "on", "off").prefault("default"),
    copyOnly: flag().prefault(false),
  }).prefault({}),
  restore: section({
    /** Where files of the set go that the primary does not have yet, or shall have elsewhere. */
    moves: z
      .array(
        section({
          logicalName: systemName("a logical file name"),
          to: text(String.raw`a file's path such as D:\SQLData\mgc.mdf`, isDrivePath),
        }),
        { error: "a list of { logicalName, to }" },
      )
      .prefault([]),
  }).prefault({}),
  /** `document`: active servers, then Normal. `state-first`: the other way round. */
  activation: oneOf("document", "state-first").prefault("document"),
  /**
   * What brings the data home. `auto`: the backup's log alone where the primary can follow it, which overwrites nothing and
   * copies no database; else, and always with `full`, the document's full backup.
   */
  wayHome: oneOf("auto", "full").prefault("auto"),
  compare: oneOf("level1", "full").prefault("level1"),
  mirroring: mirroringSchema.prefault({}),
  health: healthSchema.prefault({}),
  acknowledge: section({
    /** recovery_fork_guid of the primary's copy whose unshipped messages may be given up (they are salvaged first). */
    privateTail: guid.optional(),
    /** recovery_fork_guid of the primary's copy that holds data of another family. */
    foreignData: guid.optional(),
    /** The primary's copy cannot be read, so nothing of it can be salvaged. */
    unreadablePrimary: flag().prefault(false),
    /** Where the backup's RESTORING copy stands whose log the primary lacks, and which F5 may overwrite nevertheless. */
    backupCopy: section({
      fork: guid,
      lsn: text('an LSN in quotes, such as "45000000012300001"', (digits) => /^\d{1,25}$/.test(digits)),
    }).optional(),
    /** Codes with which the primary site's instances may answer a reading, and be taken for gone by a failover all the same. */
    primaryFailures: z
      .array(oneOf(...readingFailures), { error: "a list of error codes such as LOGIN_FAILED" })
      .prefault([]),
    /** Rows that the compliance adapter has not drained may be left behind in mgccomp of the backup. */
    complianceRows: flag().prefault(false),
    /** The backup mirror's RESTORING copy, a third copy during F5, need not exist. */
    missingMirrorCopy: flag().prefault(false),
  }).prefault({}),
  /** While the backup site serves, its log is backed up every so many minutes: nobody else does, and it would grow. */
  logBackupMinutes: whole(1, 1439, "minutes").prefault(15),
  /** The restore may create mgc where Topology Builder has not installed it. */
  createMissing: flag().prefault(false),
});

/** The whole configuration of one stack. */
export const configurationSchema = section({
  pools: z.array(poolSchema, { error: "a list of one pool or more" }).min(1, { error: "a list of one pool or more" }),
  /** Which site this stack makes active. */
  active: oneOf("primary", "backup"),
  shell: section({
    /** PowerShell to start; the platform's own when left out. */
    executable: text("the path or name of a PowerShell executable").optional(),
    /** Remote Management Shell, for example https://fe.contoso.com/OcsPowerShell; a local module when left out. */
    connectionUri: text("an http or https address without user and password in it", isPlainAddress).optional(),
    user: text("a Windows account").optional(),
    timeoutSeconds: seconds(1, 120),
  }).prefault({}),
  sql: section({
    user: text("the SQL login's name"),
    encrypt: flag().prefault(true),
    trustServerCertificate: flag().prefault(false),
    connectTimeoutSeconds: seconds(1, 15),
    /** For reading statements; BACKUP, RESTORE and the like have no limit. */
    requestTimeoutSeconds: seconds(1, 60),
  }),
  sqlPassword: text("the SQL login's password as secret configuration").optional(),
  shellPassword: text("the shell account's password as secret configuration").optional(),
  /** What a stack that makes the backup active may do. Without a mode it moves nothing. */
  failover: section({
    mode: oneOf("planned", "disaster").optional(),
    /** Names of the pools that the mode is for; all of them unless given. */
    pools: z
      .array(text("the name of a pool"), { error: "a list of names of pools" })
      .min(1, { error: "a list of names of pools" })
      .optional(),
    /** When the primary site was lost, for the statement of what is lost; the present moment unless given. */
    outageSince: text("a time in UTC such as 2026-05-01T02:15:00Z", isUtcTime).optional(),
    /** A disaster that loses more than so many minutes is refused until it is acknowledged. */
    maximumLossMinutes: whole(0, 525600, "minutes").optional(),
    acknowledgeLoss: flag().prefault(false),
  }).prefault({}),
  /** Guards of both ways. */
  guard: section({
    /** The active site does not change again within so many minutes. */
    quietMinutes: whole(1, 525600, "minutes").optional(),
    acknowledgeRecentMove: flag().prefault(false),
  }).prefault({}),
  /** No person watches: an `up` refuses what changes which site is active, or overwrites a copy of the database. */
  unattended: flag().prefault(false),
  /** An `up` records the estate as it is and changes nothing. */
  adopt: flag().prefault(false),
  timeouts: section({
    replicationSeconds: seconds(1, 300),
    sessionsSeconds: seconds(1, 30),
    mirroringSeconds: seconds(1, 60),
    /** For Install-CsMirrorDatabase, which copies a whole database. */
    mirrorSetupSeconds: seconds(1, 14400),
    probeSeconds: seconds(1, 60),
    logShippingCycleSeconds: seconds(1, 600),
    lockHeartbeatSeconds: seconds(1, 10),
  }).prefault({}),
});

function isUtcTime(time: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(time) && !Number.isNaN(Date.parse(time));
}

function isPlainAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  return /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}
