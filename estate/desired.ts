/** What a stack wants of one pool: the configuration with its derived names filled in. Pure. */
import { joinWindowsPath } from "./configuration-forms";
import type { Configuration, InstanceConfiguration, PoolConfiguration, SiteConfiguration } from "./configuration";
import type { InstanceRole } from "./observation-types";

/** Names and numbers of log shipping, all resolved. Minutes throughout. */
export interface DesiredLogShipping {
  /** @@SERVERNAME of the instance that is registered as primary, and of the secondary. */
  readonly primaryServer: string;
  readonly secondaryServer: string;
  readonly database: string;
  readonly share: string;
  readonly backupDirectory: string;
  readonly copyFolder: string;
  readonly jobs: { readonly backup: string; readonly copy: string; readonly restore: string };
  readonly schedules: { readonly backup: string; readonly copy: string; readonly restore: string };
  readonly scheduleMinutes: { readonly backup: number; readonly copy: number; readonly restore: number };
  readonly retentionMinutes: number;
  readonly backupThresholdMinutes: number;
  readonly restoreThresholdMinutes: number;
  readonly historyMinutes: number;
  readonly restoreDelayMinutes: number;
  /** 0 off, 1 on, 2 server default. */
  readonly compression: number;
}

/**
 * How a pool goes to its backup site. `planned`: the primary answers with its database ONLINE, nothing is lost and any error
 * stops. `disaster`: the primary's database serves nobody, and steps that need it are skipped, each with its reason.
 */
export type MoveMode = "planned" | "disaster";

/** The Agent job that backs up the log of the backup's database for as long as it serves. */
export interface DesiredLogBackups {
  readonly job: string;
  readonly schedule: string;
  /** UNC or local path as the backup's engine names it. */
  readonly folder: string;
  readonly everyMinutes: number;
}

/** One of the two sites of a pool. */
export type SiteName = "primary" | "backup";

/** One of the two databases of a pool. */
export type DatabaseKind = "chat" | "compliance";

/** What decides that the chat is back on the site that is to be active. */
export interface DesiredHealth {
  readonly check: "message" | "pings";
  /** Front End pool; undefined where only pings are looked at. */
  readonly registrar: string | undefined;
  readonly senderSipAddress: string | undefined;
  readonly receiverSipAddress: string | undefined;
  readonly chatRoomUri: string | undefined;
  readonly timeoutSeconds: number;
}

/** Everything that authority, plan and steps need to know of one pool. */
export interface Desired {
  readonly pool: PoolConfiguration;
  /** Which site this stack makes active. */
  readonly active: Configuration["active"];
  /** Of a stack that makes the backup active; null unless the configuration says it for this pool: nothing moves then. */
  readonly mode: MoveMode | null;
  /** Other pools of the stack are to move, and this one is not named: it stays where it is, and holds none of them up. */
  readonly stays: boolean;
  /** When the primary site was lost, ISO 8601 in UTC, as far as anybody says; and what may be lost. */
  readonly outageSince: string | null;
  readonly maximumLossMinutes: number | null;
  readonly lossAcknowledged: boolean;
  /** Minutes between two changes of the active site; null without such a guard. */
  readonly quietMinutes: number | null;
  readonly recentMoveAcknowledged: boolean;
  readonly logBackups: DesiredLogBackups;
  readonly unattended: boolean;
  /** An `up` records what is there and changes nothing. */
  readonly adopt: boolean;
  readonly timeouts: Configuration["timeouts"];
  readonly chat: string;
  readonly compliance: string | false;
  /** FQDNs of the site that is to be active, lower case, sorted. */
  readonly activeServers: readonly string[];
  readonly logShipping: DesiredLogShipping;
  /** Folder below the share for the full backup of the failback: log shipping's cleanup and copy never look there. */
  readonly backupFolder: string;
  /** Folder below the share for the full backup that seeds the secondary. */
  readonly seedFolder: string;
  /** NAME of the backup set. */
  readonly backupName: string;
  /** Folder for the backups that a mirror is made from. */
  readonly mirrorFolder: string;
  readonly health: DesiredHealth;
}

/**
 * The desired state of one pool of the configuration.
 * @throws Error when the configuration has no pool of that name.
 */
export function desiredOf(configuration: Configuration, poolName: string): Desired {
  const pool = configuration.pools.find((one) => one.name === poolName);
  if (pool === undefined) {
    const names = configuration.pools.map((one) => one.name).join(", ");
    throw new Error(`The configuration has no pool "${poolName}"; it has ${names}.`);
  }
  const { chat, compliance } = pool.databases;
  const { share } = pool.logShipping;
  return {
    pool,
    active: configuration.active,
    mode: modeOf(configuration, pool.name),
    stays: staysOf(configuration, pool.name),
    outageSince: configuration.failover.outageSince ?? null,
    maximumLossMinutes: configuration.failover.maximumLossMinutes ?? null,
    lossAcknowledged: configuration.failover.acknowledgeLoss,
    quietMinutes: configuration.guard.quietMinutes ?? null,
    recentMoveAcknowledged: configuration.guard.acknowledgeRecentMove,
    logBackups: {
      job: logBackupJobName(chat),
      schedule: `${logBackupJobName(chat)}_schedule`,
      folder: joinWindowsPath(share, pool.backupSet.folder),
      everyMinutes: pool.logBackupMinutes,
    },
    unattended: configuration.unattended,
    adopt: configuration.adopt,
    timeouts: configuration.timeouts,
    chat,
    compliance,
    activeServers: activeServersOf(pool[configuration.active]),
    logShipping: desiredLogShipping(pool),
    backupFolder: joinWindowsPath(share, pool.backupSet.folder),
    seedFolder: joinWindowsPath(share, "seed"),
    // SSMS's own default for a set's name is "<database>-Full Database Backup".
    backupName: pool.backupSet.name ?? `${chat}-Full Database Backup`,
    mirrorFolder: pool.mirroring.share ?? joinWindowsPath(share, "mirror"),
    health: desiredHealth(pool, configuration.active),
  };
}

/** Name of the job that backs up the log while the backup site serves. */
export function logBackupJobName(chat: string): string {
  return `pchat-dr log backup ${chat}`;
}

function modeOf(configuration: Configuration, pool: string): MoveMode | null {
  const { active, failover } = configuration;
  if (active !== "backup" || failover.mode === undefined || staysOf(configuration, pool)) return null;
  return failover.mode;
}

function staysOf({ active, failover }: Configuration, pool: string): boolean {
  const named = failover.pools === undefined || failover.pools.includes(pool);
  return active === "backup" && failover.mode !== undefined && !named;
}

/** FQDNs of a site's active servers, sorted. */
export function activeServersOf(site: SiteConfiguration): readonly string[] {
  return site.activeServers.map((server) => server.fqdn).sort();
}

/**
 * Machines, lower case, that a disaster has taken: those that are active servers of the primary site. Their replicas will not
 * be up to date for a while, and need not be.
 */
export function lostMachines(desired: Pick<Desired, "mode" | "pool">): ReadonlySet<string> {
  return new Set(desired.mode === "disaster" ? activeServersOf(desired.pool.primary) : []);
}

/** The configured instance of a role; undefined for a mirror that is not configured. */
export function configuredInstance(pool: PoolConfiguration, role: InstanceRole): InstanceConfiguration | undefined {
  switch (role) {
    case "primary":
      return pool.primary.principal;
    case "primaryMirror":
      return pool.primary.mirror;
    case "backup":
      return pool.backup.principal;
    case "backupMirror":
      return pool.backup.mirror;
  }
}

/** The other instance of a role's site. */
export function partnerRole(role: InstanceRole): InstanceRole {
  const partners = {
    primary: "primaryMirror",
    primaryMirror: "primary",
    backup: "backupMirror",
    backupMirror: "backup",
  } as const;
  return partners[role];
}

/** Name of one of the pool's databases; undefined for a compliance database that the pool does not have. */
export function databaseName(desired: Desired, which: DatabaseKind): string | undefined {
  if (which === "chat") return desired.chat;
  return desired.compliance === false ? undefined : desired.compliance;
}

/** Whether a database is to be mirrored inside a site: asked for, and the site names a mirror. */
export function wantsMirror(desired: Desired, site: SiteName, which: DatabaseKind): boolean {
  const { pool } = desired;
  return pool[site].mirror !== undefined && pool.mirroring[which] && databaseName(desired, which) !== undefined;
}

/** The instance's name as people and log shipping know it. */
export function serverName(pool: PoolConfiguration, role: InstanceRole): string {
  return configuredInstance(pool, role)?.server ?? role;
}

function desiredHealth(pool: PoolConfiguration, active: SiteName): DesiredHealth {
  const { check, ...rest } = pool.health;
  const { registrar } = pool[active];
  const message = check === undefined ? registrar !== undefined : check === "message";
  return {
    senderSipAddress: undefined,
    receiverSipAddress: undefined,
    chatRoomUri: undefined,
    ...rest,
    registrar,
    check: message ? "message" : "pings",
  };
}

function desiredLogShipping(pool: PoolConfiguration): DesiredLogShipping {
  const shipping = pool.logShipping;
  const database = pool.databases.chat;
  const primaryServer = pool.primary.principal.server;
  return {
    primaryServer,
    secondaryServer: pool.backup.principal.server,
    database,
    share: shipping.share,
    backupDirectory: shipping.backupDirectory ?? shipping.share,
    copyFolder: shipping.copyFolder,
    jobs: {
      backup: shipping.jobs.backup ?? `LSBackup_${database}`,
      copy: shipping.jobs.copy ?? `LSCopy_${primaryServer}_${database}`,
      restore: shipping.jobs.restore ?? `LSRestore_${primaryServer}_${database}`,
    },
    schedules: {
      backup: `LSBackupSchedule_${primaryServer}1`,
      copy: "DefaultCopyJobSchedule",
      restore: "DefaultRestoreJobSchedule",
    },
    scheduleMinutes: shipping.scheduleMinutes,
    retentionMinutes: shipping.retentionMinutes,
    backupThresholdMinutes: shipping.backupThresholdMinutes,
    restoreThresholdMinutes: shipping.restoreThresholdMinutes,
    historyMinutes: shipping.historyMinutes,
    restoreDelayMinutes: shipping.restoreDelayMinutes,
    compression: shipping.compression,
  };
}
