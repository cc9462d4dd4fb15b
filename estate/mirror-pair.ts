/** The two instances of a site as partners of a mirroring session: who holds the database, and what hinders its mirror. Pure. */
import { readable } from "./authority";
import { configuredInstance, type DatabaseKind, databaseName, partnerRole, type SiteName, serverName } from "./desired";
import { isHalfMade, isLeftover, judgeLeftover } from "./leftovers";
import type { DatabaseObservation, InstanceObservation, InstanceRole } from "./observation-types";
import type { PlanContext } from "./plan-context";
import { databaseOf, isRestoring, sameName } from "./relations";

/** One database of one site with its two instances. */
export interface MirrorPair {
  readonly which: DatabaseKind;
  readonly database: string;
  /** Principal now, or the instance that would be. */
  readonly holder: InstanceRole;
  readonly partner: InstanceRole;
  readonly holderName: string;
  readonly partnerName: string;
  readonly copy: DatabaseObservation | undefined;
}

/** Why a mirror cannot be made as things stand, and what to do about it. */
export interface MirrorObstacle {
  /** Stable for scripts. */
  readonly id: string;
  readonly message: string;
  readonly hint: string;
}

/** Names of the stores in the topology, as Get-CsService -PersistentChatServer shows them. */
const stores: Readonly<Record<DatabaseKind, Readonly<Record<InstanceRole, string>>>> = {
  chat: {
    primary: "PersistentChatDatabase",
    primaryMirror: "MirrorPersistentChatDatabase",
    backup: "BackupPersistentChatDatabase",
    backupMirror: "BackupMirrorPersistentChatDatabase",
  },
  compliance: {
    primary: "PersistentChatComplianceDatabase",
    primaryMirror: "MirrorPersistentChatComplianceDatabase",
    backup: "BackupPersistentChatComplianceDatabase",
    backupMirror: "BackupMirrorPersistentChatComplianceDatabase",
  },
};

/** The pair of a site's database as it stands now; a failover inside the site moves the principal (row 38). */
export function mirrorPair(context: PlanContext, site: SiteName, which: DatabaseKind): MirrorPair {
  const { observation, desired, authority } = context;
  const database = databaseName(desired, which) ?? "mgccomp";
  const roleOn = (role: InstanceRole): string | undefined =>
    copyOn(readable(observation, role), database)?.mirroring?.role;
  const present = authority.principals[site];
  const other = partnerRole(present);
  const moved = roleOn(other) === "PRINCIPAL" && roleOn(present) !== "PRINCIPAL";
  const [holder, partner] = moved ? [other, present] : [present, other];
  return {
    which,
    database,
    holder,
    partner,
    holderName: serverName(desired.pool, holder),
    partnerName: serverName(desired.pool, partner),
    copy: copyOn(readable(observation, holder), database),
  };
}

/** FQDN of an instance's host: by the topology, which knows it even where connections go through another name. */
export function hostName(context: PlanContext, role: InstanceRole, which: DatabaseKind): string {
  const store = context.shell?.stores[stores[which][role]];
  const host = store === undefined ? configuredInstance(context.desired.pool, role)?.host : store.split("\\")[0];
  return host ?? serverName(context.desired.pool, role);
}

/** Address of an instance's mirroring endpoint; null where it has none that is started. */
export function endpointAddress(context: PlanContext, role: InstanceRole, which: DatabaseKind): string | null {
  const configured = configuredInstance(context.desired.pool, role)?.mirroringAddress;
  if (configured !== undefined) return configured;
  const port = readable(context.observation, role)?.server.mirroringPort ?? null;
  return port === null ? null : `TCP://${hostName(context, role, which)}:${port}`;
}

/**
 * What keeps the pair's mirror from being made; undefined when nothing does.
 * @param renewed an earlier step makes the principal's copy anew: what it is now says nothing
 */
export function mirrorObstacle(context: PlanContext, pair: MirrorPair, renewed = false): MirrorObstacle | undefined {
  const { database, holderName, partnerName, copy } = pair;
  const session = renewed ? null : (copy?.mirroring ?? null);
  if (session !== null && !sameName(session.partnerInstance, partnerName)) {
    return {
      id: `mirrored-elsewhere:${database}`,
      message: `${database} on ${holderName} is mirrored to ${session.partnerInstance ?? "an instance that cannot be seen"}, not to ${partnerName}`,
      hint: `Correct the site's mirror in the configuration, or end that session (ALTER DATABASE [${database}] SET PARTNER OFF): a person decides.`,
    };
  }
  if (session !== null) return undefined;
  const instance = readable(context.observation, pair.partner);
  if (instance === undefined) {
    return {
      id: `mirror-unreachable:${partnerName}`,
      message: `${partnerName}, the mirror of ${holderName}, could not be read`,
      hint: "Bring it back, then run the same command again.",
    };
  }
  return (
    (renewed ? undefined : principalObstacle(context, pair)) ??
    copyObstacle(context, pair, instance, renewed) ??
    endpointObstacle(context, pair)
  );
}

// 1465 and 1466 would say so after the whole database was copied.
function principalObstacle(
  context: PlanContext,
  { database, holderName, copy }: MirrorPair,
): MirrorObstacle | undefined {
  const bad = (message: string, hint: string): MirrorObstacle => ({ id: `not-mirrorable:${database}`, message, hint });
  if (copy === undefined) {
    return bad(`${holderName} has no ${database}`, "Install it by Topology Builder, or set mirroring of it to false.");
  }
  if (copy.state !== "ONLINE" || copy.isReadOnly) {
    const found = copy.isReadOnly ? "read-only" : copy.state;
    return bad(
      `${database} on ${holderName} is ${found}`,
      "Only a database that is ONLINE and read-write can be mirrored.",
    );
  }
  const own = context.desired.pool.mirroring.by === "ALTER DATABASE";
  if (own && copy.recoveryModel !== "FULL") {
    return bad(
      `${database} on ${holderName} is in recovery model ${copy.recoveryModel}`,
      `ALTER DATABASE [${database}] SET RECOVERY FULL there: mirroring needs it (1465).`,
    );
  }
  return undefined;
}

// What stands on the mirror's instance already: nothing there is overwritten that might be the better copy.
function copyObstacle(
  context: PlanContext,
  { holder, database, partnerName, holderName }: MirrorPair,
  instance: InstanceObservation,
  renewed: boolean,
): MirrorObstacle | undefined {
  const copy = copyOn(instance, database);
  if (copy === undefined) return undefined;
  const kept = (id: string, message: string, hint: string): MirrorObstacle => ({
    id: `${id}:${database}`,
    message,
    hint,
  });
  if (copy.mirroring !== null) {
    return kept(
      "mirror-of-another",
      `${database} on ${partnerName} is ${copy.mirroring.role} of another session (${copy.mirroring.state})`,
      `It may be the last copy of what its partner held. End that session there (ALTER DATABASE [${database}] SET PARTNER OFF) and drop it: a person decides.`,
    );
  }
  if (!isRestoring(copy)) {
    return kept(
      "mirror-online",
      `${database} on ${partnerName} is ${copy.state}, not RESTORING`,
      "A copy that can be read is never overwritten here. Look whose it is, save it, and drop it by hand.",
    );
  }
  if (!isLeftover(instance, database)) {
    return kept(
      "mirror-ships",
      `${database} on ${partnerName} is a log shipping secondary`,
      "Remove that log shipping first (sp_delete_log_shipping_secondary_database), and drop the copy by hand.",
    );
  }
  if (isHalfMade(instance, database)) return undefined;
  const serving = readable(context.observation, holder);
  const judged = serving === undefined ? undefined : judgeLeftover(instance, serving, database);
  // Beside a copy that is still to be made nothing can be judged: the step itself does, later.
  if (judged?.covered !== true && !renewed) {
    return kept(
      "mirror-leftover",
      `${database} on ${partnerName} is RESTORING and not known to be covered by ${holderName}: ${judged?.reason ?? "not read"}`,
      "Nothing drops it here. If it is not needed, drop it by hand.",
    );
  }
  if (context.desired.pool.mirroring.dropLeftovers) return undefined;
  return kept(
    "mirror-leftover",
    `${database} on ${partnerName} is RESTORING, left over from an earlier mirroring`,
    "Set mirroring.dropLeftovers to have it overwritten, or drop it by hand.",
  );
}

function endpointObstacle(context: PlanContext, { holder, partner, which }: MirrorPair): MirrorObstacle | undefined {
  // The cmdlet makes endpoints where there are none.
  if (context.desired.pool.mirroring.by === "Install-CsMirrorDatabase") return undefined;
  const without = [holder, partner].find((role) => endpointAddress(context, role, which) === null);
  if (without === undefined) return undefined;
  const name = serverName(context.desired.pool, without);
  return {
    id: `no-endpoint:${name}`,
    message: `${name} has no database mirroring endpoint that is started`,
    hint: "CREATE ENDPOINT … FOR DATABASE_MIRRORING (ROLE = PARTNER) there, and let the partner's service account connect to it.",
  };
}

/** True for a leftover on the mirror that has to go before the new one comes: RESTORING, and allowed to. */
export function overwritesLeftover(context: PlanContext, pair: MirrorPair): boolean {
  const instance = readable(context.observation, pair.partner);
  return instance !== undefined && isLeftover(instance, pair.database) && mirrorObstacle(context, pair) === undefined;
}

function copyOn(instance: InstanceObservation | undefined, database: string): DatabaseObservation | undefined {
  return instance && databaseOf(instance, database);
}
