/** Steps that give a site its mirror back and clear what earlier mirroring left behind (F8, O6). Pure. */
import { readable } from "./authority";
import { joinWindowsPath } from "./configuration-forms";
import {
  type DatabaseKind,
  databaseName,
  partnerRole,
  type Desired,
  type SiteName,
  serverName,
  wantsMirror,
} from "./desired";
import { isLeftover, judgeLeftover, type LeftoverJudgement, mirrorSetDescription } from "./leftovers";
import {
  endpointAddress,
  hostName,
  mirrorObstacle,
  mirrorPair,
  type MirrorPair,
  overwritesLeftover,
} from "./mirror-pair";
import type { InstanceRole } from "./observation-types";
import { inShell, type PlanContext } from "./plan-context";
import { placeFiles, setFilesOf } from "./plan-restore";
import { plannedRun, transferSeconds } from "./plan-steps";
import type { PlannedStatement, StepBody } from "./plan-types";
import { ownSetsOf, sameName } from "./relations";
import { installMirrorDatabase, type MirrorInstallation } from "./shell/commands";
import { backupFull } from "./statements";
import { restoreLog } from "./statements-failover";
import { backupLog, dropRestoringCopy, restoreMirror, resumeMirroring, setPartner } from "./statements-mirroring";

/** Place of a mirror in its plan. */
export interface MirrorTarget extends Pick<StepBody, "key" | "id"> {
  readonly site: SiteName;
  readonly which: DatabaseKind;
  /** An earlier open step makes the copy anew: whatever session it has now will be gone. */
  readonly renewed: boolean;
}

/** The site's database is mirrored to the site's mirror, and the session runs. */
export function mirrorStep(context: PlanContext, target: MirrorTarget): StepBody {
  const { desired } = context;
  const pair = mirrorPair(context, target.site, target.which);
  const wanted = wantsMirror(desired, target.site, target.which);
  const reason = wanted ? mirrorReason(pair, target.renewed) : "";
  const open = reason !== "";
  return {
    key: target.key,
    id: target.id,
    resource: "DatabaseMirroring",
    title: `Mirror ${pair.database}`,
    where: pair.holderName,
    role: pair.holder,
    now: mirrorNow(pair, target.renewed),
    then: wanted ? `${pair.database} mirrored to ${pair.partnerName}` : "as it stands",
    open,
    reason,
    statements: open ? mirrorStatements(context, pair, target.renewed) : [],
    estimateSeconds: open ? mirrorSeconds(context, target.which) : null,
  };
}

/** Files that a mirror is made from, in the folder for them, which pools may share. */
export function mirrorFiles(
  desired: Desired,
  { database, holderName }: Pick<MirrorPair, "database" | "holderName">,
  run: string,
): { readonly full: string; readonly log: string } {
  const stem = `${database}_mirror_${holderName.replace("\\", "$")}_${run}`;
  const file = (suffix: string): string => joinWindowsPath(desired.mirrorFolder, `${stem}${suffix}.bak`);
  return { full: file(""), log: file("_log") };
}

/** What the cmdlet is told of a pair. */
export function mirrorInstallation(context: PlanContext, pair: MirrorPair): MirrorInstallation {
  const [, instance] = pair.holderName.split("\\");
  return {
    databaseType: pair.which === "chat" ? "PersistentChat" : "PersistentChatCompliance",
    sqlServerFqdn: hostName(context, pair.holder, pair.which),
    sqlInstanceName: instance,
    fileShare: context.desired.mirrorFolder,
    dropExisting: overwritesLeftover(context, pair),
  };
}

/**
 * Whether the log backup that the mirror needs (1478) must leave the chain alone: another log backup of this recovery path
 * goes on behind the last one, and a link that only the mirror got would break it (4305).
 */
export function chainIsKept(context: PlanContext, pair: MirrorPair): boolean {
  const instance = readable(context.observation, pair.holder);
  if (instance === undefined) return false;
  const fork = pair.copy?.recoveryForkGuid ?? null;
  return ownSetsOf(instance, pair.database).some(
    (set) => set.type === "L" && !set.isCopyOnly && set.lastRecoveryForkGuid === fork,
  );
}

/** Place of the leftovers of a site's mirror in their plan. */
export interface LeftoversTarget extends Pick<StepBody, "key" | "id"> {
  /** The site that the chat has left. */
  readonly site: SiteName;
  /** Databases whose session an earlier open step ends: their mirrors will be leftovers. */
  readonly released: readonly DatabaseKind[];
}

/** A RESTORING copy on the mirror of the site that the chat has left. */
export interface Leftover {
  readonly database: string;
  readonly judged: LeftoverJudgement;
}

/** The RESTORING copies that the other site's mirror kept are gone, where the configuration says so. */
export function leftoversStep(context: PlanContext, { key, id, site, released }: LeftoversTarget): StepBody {
  const { desired, authority } = context;
  const role = partnerRole(authority.principals[site]);
  const wanted = dropsLeftovers(desired, site);
  const present = leftoversOf(context, site)
    .filter((one) => one.judged.covered)
    .map((one) => one.database);
  const coming = released.flatMap((which) => databaseName(desired, which) ?? []);
  const names = wanted ? [...new Set([...present, ...coming])] : [];
  return {
    key,
    id,
    resource: "DroppedMirrorCopies",
    title: "Drop the former mirror's copies",
    where: serverName(desired.pool, role),
    role,
    now: names.length === 0 ? "none" : `${names.join(", ")} RESTORING`,
    then: wanted ? "none" : "as it stands",
    open: names.length > 0,
    reason: names.length > 0 ? `${names.join(", ")} left over` : "",
    statements: names.map((name) => ({ where: serverName(desired.pool, role), text: dropRestoringCopy(name) })),
    estimateSeconds: names.length > 0 ? 2 : null,
  };
}

/** True where the configuration lets the copies of a site's former mirror be dropped. */
export function dropsLeftovers(desired: Desired, site: SiteName): boolean {
  return desired.pool[site].mirror !== undefined && desired.pool.mirroring.dropLeftovers;
}

/** What a site's mirror kept of ended sessions, each judged beside the copies that serve. */
export function leftoversOf(context: PlanContext, site: SiteName): readonly Leftover[] {
  const { observation, desired, authority } = context;
  const former = readable(observation, partnerRole(authority.principals[site]));
  if (former === undefined) return [];
  return (["chat", "compliance"] as const).flatMap((which) => {
    const database = databaseName(desired, which);
    if (database === undefined || !isLeftover(former, database)) return [];
    if (mirrorPair(context, site, which).copy?.mirroring) return [];
    const holders = [authority.principals.primary, authority.principals.backup].flatMap(
      (role) => readable(observation, role) ?? [],
    );
    const judgements = holders.map((holder) => judgeLeftover(former, holder, database));
    const judged = judgements.find((one) => one.covered) ?? judgements[0];
    return judged === undefined ? [] : [{ database, judged }];
  });
}

function mirrorReason({ copy, partnerName, database }: MirrorPair, renewed: boolean): string {
  const session = copy?.mirroring ?? null;
  if (renewed || session === null) return `${database} is not mirrored`;
  if (!sameName(session.partnerInstance, partnerName)) {
    return `${database} is mirrored to ${session.partnerInstance ?? "another instance"}`;
  }
  return session.state === "SUSPENDED" ? `mirroring of ${database} is suspended` : "";
}

function mirrorNow({ copy, database }: MirrorPair, renewed: boolean): string {
  const session = copy?.mirroring ?? null;
  if (renewed || session === null) return `${database} not mirrored`;
  return `${database} mirrored to ${session.partnerInstance ?? "a partner"}, ${session.state}`;
}

function mirrorSeconds(context: PlanContext, which: DatabaseKind): number | null {
  if (which === "compliance") return 10;
  const transfer = transferSeconds(context);
  return transfer === null ? null : 2 * transfer;
}

function mirrorStatements(context: PlanContext, pair: MirrorPair, renewed: boolean): readonly PlannedStatement[] {
  if (!renewed && pair.copy?.mirroring?.state === "SUSPENDED")
    return [on(pair.holderName, resumeMirroring(pair.database))];
  if (mirrorObstacle(context, pair, renewed) !== undefined) return [];
  if (context.desired.pool.mirroring.by === "Install-CsMirrorDatabase") {
    return [inShell(installMirrorDatabase(mirrorInstallation(context, pair)))];
  }
  return ownStatements(context, pair, renewed);
}

// What the step sends by itself; the seed's names and files are those of an ordinary full restore.
function ownStatements(context: PlanContext, pair: MirrorPair, renewed: boolean): readonly PlannedStatement[] {
  const { database, holderName, partnerName, which } = pair;
  const files = mirrorFiles(context.desired, pair, plannedRun);
  const set = mirrorSet(database, plannedRun);
  const source = readable(context.observation, pair.holder);
  const target = readable(context.observation, pair.partner);
  const moves =
    source === undefined || target === undefined
      ? []
      : placeFiles(setFilesOf(source, database), target, database).moves;
  const address = (role: InstanceRole): string => endpointAddress(context, role, which) ?? "TCP://<host>:<port>";
  const copyOnly = renewed ? which === "chat" : chainIsKept(context, pair);
  return [
    on(holderName, backupFull({ ...set, file: files.full, copyOnly })),
    on(partnerName, restoreMirror({ database, file: files.full, moves })),
    on(holderName, backupLog({ ...set, file: files.log, copyOnly })),
    on(partnerName, restoreLog(database, files.log)),
    on(partnerName, setPartner(database, address(pair.holder))),
    on(holderName, setPartner(database, address(pair.partner))),
  ];
}

/** Names of the sets that a mirror is made from. */
export function mirrorSet(database: string, run: string) {
  return { database, name: `${database} for its mirror`, description: mirrorSetDescription(run) };
}

function on(where: string, text: string): PlannedStatement {
  return { where, text };
}
